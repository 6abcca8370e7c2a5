# Serves the app for a group:  docker build -t hierlab . && docker run -p 8501:8501 hierlab
# Own maps, images, photos, studies, results and codecs:  -v "$PWD/served:/served:ro"
FROM python:3.11-slim
RUN useradd --create-home app && mkdir /served
WORKDIR /srv
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt ".[app,codec]"
USER app
WORKDIR /home/app
ENV HIERLAB_APP_DATA=/served
EXPOSE 8501
HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://localhost:8501/_stcore/health')"]
CMD ["hierlab", "app", "--headless"]
