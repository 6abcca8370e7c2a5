// The picture after some bytes beside another, under a divider, with shared zoom and pan, and the
// slider of the bytes. Cuts that are decoded already are shown while the slider is dragged.
const MOST_ZOOM = 16;
const SETTLED_MS = 400;
const number = new Intl.NumberFormat("en");
const stages = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!stages.has(root)) stages.set(root, new Stage(root));
  stages.get(root).update(component);
}

// The entry of most bytes that fits, else the smallest; entries are in order of bytes.
function fitting(entries, bytes) {
  let best = entries[0];
  for (const entry of entries) if (entry.bytes <= bytes) best = entry;
  return best;
}

class Stage {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.view = find(".view");
    this.layers = { ours: find(".ours"), beside: find(".beside") };
    this.divider = find(".divider");
    this.slider = find(".bytes");
    this.parts = {};
    for (const name of ["facts", "strip", "scale", "left", "right"]) this.parts[name] = find(`.${name}`);
    this.head = find("thead");
    this.body = find("tbody");
    Object.assign(this, { share: 0.5, zoom: 1, x: 0, y: 0, busy: false, pointers: new Map() });
    this.listen(root);
  }

  update(component) {
    this.data = component.data;
    this.send = (bytes) => component.setTriggerValue("bytes", bytes);
    const file = `${this.data.key}`;
    if (file !== this.file) Object.assign(this, { file, zoom: 1, x: 0, y: 0, busy: false });
    if (!this.busy) this.bytes = this.data.size;
    this.drawScale();
    this.layout();
    this.draw();
  }

  // ---- bytes on a logarithmic axis: 0..1 ----
  place(bytes) {
    const { low, total } = this.data;
    return total > low ? Math.log(Math.max(bytes, low) / low) / Math.log(total / low) : 1;
  }

  at(place) {
    const { low, total } = this.data;
    const bytes = Math.round(low * Math.pow(total / low, place));
    return Math.min(Math.max(bytes, low), total);
  }

  listen(root) {
    this.slider.addEventListener("input", () => {
      this.busy = true;
      this.bytes = this.at(this.slider.value / 1000);
      this.draw();
    });
    this.slider.addEventListener("change", () => this.settle(0));
    this.slider.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
      if (!(event.key in steps)) return;
      event.preventDefault();
      this.busy = true;
      const { low, total } = this.data;
      this.bytes = Math.min(Math.max(this.bytes + steps[event.key], low), total);
      this.draw();
      this.settle(SETTLED_MS);
    });
    this.divider.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 0.02, ArrowLeft: -0.02 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.divide(this.share + step);
    });
    root.querySelectorAll("[data-zoom]").forEach((button) =>
      button.addEventListener("click", () => {
        const factor = { in: 2, out: 0.5, fit: 0 }[button.dataset.zoom];
        this.zoomTo(this.zoom * factor);
      }),
    );
    this.view.addEventListener("keydown", (event) => {
      if (event.key === "+" || event.key === "-") this.zoomTo(this.zoom * (event.key === "+" ? 2 : 0.5));
    });
    // A pinch of a touch pad comes as a wheel with Ctrl; the wheel alone scrolls the page.
    this.view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoomTo(this.zoom * Math.exp(-event.deltaY / 200), event);
    }, { passive: false });
    this.view.addEventListener("pointerdown", (event) => this.down(event));
    this.view.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"])
      this.view.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    new ResizeObserver(() => this.data && this.layout()).observe(this.view.parentElement);
  }

  settle(wait_ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.busy = false;
      if (this.bytes !== this.data.size) this.send(this.bytes);
    }, wait_ms);
  }

  down(event) {
    if (event.target.closest("button")) return;
    this.view.setPointerCapture(event.pointerId);
    this.onDivider = Boolean(event.target.closest(".divider"));
    this.pointers.set(event.pointerId, event);
    if (this.zoom === 1 && event.pointerType === "mouse") this.divideAt(event);
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const others = [...this.pointers.values()].filter((one) => one.pointerId !== event.pointerId);
    if (others.length === 1) {
      const far = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY);
      this.zoomTo((this.zoom * far(event)) / Math.max(far(before), 1), event);
    } else if (this.zoom === 1 || this.onDivider) {
      this.divideAt(event);
    } else {
      this.x += event.clientX - before.clientX;
      this.y += event.clientY - before.clientY;
      this.transform();
    }
    this.pointers.set(event.pointerId, event);
  }

  divideAt(event) {
    const box = this.view.getBoundingClientRect();
    this.divide((event.clientX - box.left) / box.width);
  }

  divide(share) {
    this.share = Math.min(Math.max(share, 0), 1);
    this.layers.beside.style.clipPath = `inset(0 0 0 ${100 * this.share}%)`;
    this.divider.style.left = `${100 * this.share}%`;
    this.divider.setAttribute("aria-valuenow", Math.round(100 * this.share));
  }

  // Around the place of an event, else around the middle.
  zoomTo(zoom, event) {
    const box = this.view.getBoundingClientRect();
    const [px, py] = event ? [event.clientX - box.left, event.clientY - box.top] : [box.width / 2, box.height / 2];
    const next = Math.min(Math.max(zoom, 1), MOST_ZOOM);
    this.x = px - ((px - this.x) * next) / this.zoom;
    this.y = py - ((py - this.y) * next) / this.zoom;
    this.zoom = next;
    this.transform();
  }

  layout() {
    const { width, height } = this.data;
    const room = this.view.parentElement.clientWidth;
    this.fit = Math.min(room / width, (0.6 * window.innerHeight) / height);
    this.box = [this.fit * width, this.fit * height];
    [this.view.style.width, this.view.style.height] = this.box.map((side) => `${side}px`);
    this.divide(this.share);
    this.transform();
  }

  transform() {
    const [wide, high] = this.box;
    this.x = Math.min(0, Math.max(this.x, wide * (1 - this.zoom)));
    this.y = Math.min(0, Math.max(this.y, high * (1 - this.zoom)));
    const scale = this.fit * this.zoom;
    for (const layer of Object.values(this.layers)) {
      const picture = layer.firstElementChild;
      picture.style.width = `${this.data.width}px`;
      picture.style.transform = `translate(${this.x}px, ${this.y}px) scale(${scale})`;
    }
    this.view.classList.toggle("zoomed", this.zoom > 1);
  }

  draw() {
    const { data, bytes } = this;
    const cut = fitting(data.cuts, bytes);
    const beside = data.beside ? fitting(data.beside.entries, bytes) : null;
    this.show("ours", cut.src);
    this.layers.beside.hidden = this.divider.hidden = !beside;
    if (beside) this.show("beside", beside.src);
    this.parts.left.textContent = `${number.format(cut.bytes)} bytes`;
    this.parts.right.textContent = beside ? [data.beside.name, beside.note].filter(Boolean).join(": ") : "";
    this.view.setAttribute("aria-label", `The picture from ${number.format(cut.bytes)} bytes` +
      (beside ? `, beside ${data.beside.name}` : ""));
    const kept = `${number.format(bytes)} of ${number.format(data.total)} bytes`;
    this.parts.facts.textContent = cut.bytes === bytes || !this.busy
      ? `${kept}: ${cut.note}` : `${kept}, shown from ${number.format(cut.bytes)}: ${cut.note}`;
    this.slider.value = 1000 * this.place(bytes);
    this.slider.setAttribute("aria-valuetext", kept);
    this.drawAnswers(cut, beside);
  }

  show(name, source) {
    const picture = this.layers[name].firstElementChild;
    if (picture.getAttribute("src") !== source) picture.src = source;
  }

  drawAnswers(cut, beside) {
    const { levels, original } = this.data;
    const columns = [["level"], [`${number.format(cut.bytes)} bytes`, cut.answers]];
    if (beside && beside.answers && beside.answers !== original) columns.push([this.data.beside.name, beside.answers]);
    if (original) columns.push(["original", original]);
    this.head.replaceChildren();
    this.body.replaceChildren();
    if (!cut.answers) return;
    const row = this.head.insertRow();
    for (const [title] of columns) row.appendChild(Object.assign(document.createElement("th"), { textContent: title }));
    this.data.told.forEach((name, place) => {
      const line = this.body.insertRow();
      line.insertCell().textContent = name;
      for (const [, answers] of columns.slice(1)) {
        const [cluster, share] = answers[place];
        const cell = line.insertCell();
        cell.textContent = `${cluster} ${Math.round(100 * share)} %`;
        cell.className = share >= this.data.sure ? "sure" : "";
        const bar = document.createElement("span");
        bar.className = "bar";
        bar.style.cssText = `width:${100 * share}%;background:${levels[place % levels.length].colour}`;
        cell.appendChild(bar);
      }
    });
  }

  drawScale() {
    const { levels, low, total } = this.data;
    let begin = 0;
    this.parts.strip.replaceChildren(...levels.filter((level) => level.begin < total).map((level) => {
      const end = this.place(Math.min(level.end, total));
      const part = document.createElement("span");
      part.textContent = level.name;
      part.title = `${level.name}: bytes ${number.format(level.begin)} to ${number.format(Math.min(level.end, total))}`;
      part.style.cssText = `width:${100 * (end - begin)}%;background:${level.colour}`;
      begin = end;
      return part;
    }));
    const ticks = [];
    for (let power = 10; power < total; power *= 10)
      for (const digit of this.view.parentElement.clientWidth < 600 ? [1, 3] : [1, 2, 5]) if (digit * power > low && digit * power < total) ticks.push(digit * power);
    this.parts.scale.replaceChildren(...ticks.map((bytes) => {
      const tick = document.createElement("span");
      tick.textContent = number.format(bytes);
      tick.style.left = `${100 * this.place(bytes)}%`;
      return tick;
    }));
  }
}
