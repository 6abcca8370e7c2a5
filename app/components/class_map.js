// Classes as points of a plane. Names of clusters stand on it, those of the coarse levels first; the
// nearer one looks, the finer they are, down to the classes. No two names overlap.
const MOST_ZOOM = 30;
const STEP = 1.6;
const SVG = "http://www.w3.org/2000/svg";
const MARK = "#D55E00";
// Of names outside the cluster that is chosen: thin and grey, and still read.
const FAINT = "#767676";
const SIZES = [18, 13.5, 12];
const CLASS_PX = 11.5;
const TILE_PX = 40;
const NARROW_PX = 500;
// Room in px² that a name needs, so that a level is written when its clusters in view have it.
const ROOM = 12000;
const maps = new WeakMap();
const measure = document.createElement("canvas").getContext("2d");

export default function (component) {
  const root = component.parentElement;
  if (!maps.has(root)) maps.set(root, new ClassMap(root));
  maps.get(root).update(component);
}

function svg(name, attributes = {}) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

// Words in lines of about `wide` characters.
function wrapped(words, wide) {
  const lines = [];
  for (const word of words.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + word.length < wide) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function rgb(colour) {
  const found = colour.match(/^#(..)(..)(..)$/);
  if (found) return found.slice(1).map((part) => parseInt(part, 16));
  return (colour.match(/[\d.]+/g) || [0, 0, 0]).slice(0, 3).map(Number);
}

function luminance(parts) {
  const [r, g, b] = parts.map((part) => (part / 255 <= 0.04045 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// The colour, mixed with black or white until it can be read on the ground.
function readable(colour, ground) {
  const below = luminance(ground);
  const pole = below > 0.4 ? 0 : 255;
  for (let share = 0; share <= 1; share += 0.1) {
    const mixed = rgb(colour).map((part) => Math.round(part + (pole - part) * share));
    const own = luminance(mixed);
    if ((Math.max(own, below) + 0.05) / (Math.min(own, below) + 0.05) >= 5) return `rgb(${mixed})`;
  }
  return pole ? "#fff" : "#000";
}

class ClassMap {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.plane = find(".plane");
    this.svg = find("svg");
    this.groups = Object.fromEntries(["leaders", "dots", "tiles", "labels"].map((name) => [name, find(`.${name}`)]));
    for (const name of ["title", "source", "tip", "hint", "seen"]) this[name] = find(`.${name}`);
    this.toMarked = find("[data-do=marked]");
    this.pointers = new Map();
    this.listen(root);
  }

  update(component) {
    this.data = JSON.parse(component.data.json);
    this.send = (what) => component.setTriggerValue("picked", what);
    const { map } = this.data;
    this.count = map.x.length;
    this.title.textContent = this.data.title;
    this.source.textContent = this.data.source;
    this.toMarked.hidden = map.marked === null;
    if (this.data.key !== this.key) {
      Object.assign(this, { key: this.data.key, zoom: 1, cx: 0, cy: 0 });
      this.groups.dots.replaceChildren(
        ...map.x.map((_, place) => {
          const dot = svg("circle", { "data-class": place });
          return dot;
        }),
      );
      this.dots = [...this.groups.dots.children];
    }
    this.paint();
    this.layout();
  }

  // What does not change with the zoom.
  paint() {
    const { map } = this.data;
    this.ground = rgb(getComputedStyle(this.plane).backgroundColor);
    const inside = map.chosen && map.levels[map.chosen[0]] ? map.levels[map.chosen[0]].labels : null;
    this.in = (place) => !inside || inside[place] === map.chosen[1] || place === map.marked;
    this.dots.forEach((dot, place) => {
      dot.setAttribute("fill", map.colours[place]);
      dot.setAttribute("fill-opacity", this.in(place) ? 0.95 : 0.18);
      dot.setAttribute("stroke", "#444");
      dot.setAttribute("stroke-opacity", this.in(place) ? 0.6 : 0.1);
      dot.setAttribute("stroke-width", 0.5);
    });
  }

  layout() {
    const wide = this.plane.parentElement.clientWidth;
    if (!wide) return;
    const { map } = this.data;
    // On a narrow screen the long side of the map stands upright.
    this.turned = wide < NARROW_PX;
    const [far, flat] = [1, Math.max(...map.y.map(Math.abs), 0.35)];
    const [across, up] = this.turned ? [flat, far] : [far, flat];
    // No higher than the window, and no higher than the map itself.
    const high = Math.round(Math.min(Math.max(360, (wide * up) / across + 40), 0.72 * window.innerHeight, 640));
    Object.assign(this, { wide, high });
    this.plane.style.height = `${high}px`;
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    this.scale = Math.min((0.47 * wide) / across, (0.46 * high) / up);
    this.draw();
  }

  turn(x, y) {
    return this.turned ? [y, -x] : [x, y];
  }

  at(east, north) {
    const [x, y] = this.turn(east, north);
    const factor = this.scale * this.zoom;
    return [this.wide / 2 + (x - this.cx) * factor, this.high / 2 - (y - this.cy) * factor];
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.wide) this.drawNow();
    });
  }

  drawNow() {
    const { map } = this.data;
    const reach = 1 - 1 / this.zoom;
    this.cx = Math.min(Math.max(this.cx, -reach - 0.2), reach + 0.2);
    this.cy = Math.min(Math.max(this.cy, -reach - 0.2), reach + 0.2);
    const radius = Math.min(3.1 + 0.75 * Math.log2(this.zoom), 7) * (this.wide < NARROW_PX ? 0.85 : 1);
    this.places = map.x.map((x, place) => this.at(x, map.y[place]));
    this.view = [];
    this.places.forEach(([x, y], place) => {
      const dot = this.dots[place];
      const seen = x > -8 && x < this.wide + 8 && y > -8 && y < this.high + 8;
      if (seen) {
        this.view.push(place);
        dot.setAttribute("cx", x.toFixed(1));
        dot.setAttribute("cy", y.toFixed(1));
        dot.setAttribute("r", radius.toFixed(2));
      }
      dot.style.display = seen ? "" : "none";
    });
    this.drawNames(radius);
    this.plane.classList.toggle("zoomed", this.zoom > 1.001);
    this.plane.setAttribute("aria-label", `${this.data.alt}. ${this.seen.textContent}`);
  }

  drawNames(radius) {
    const { map } = this.data;
    const boxes = [];
    const nodes = { labels: [], leaders: [], tiles: [] };
    const most = Math.max(7, Math.floor((this.wide * this.high) / ROOM));
    const free = (box) =>
      box[0] >= 2 && box[1] >= 2 && box[2] <= this.wide - 2 && box[3] <= this.high - 2 &&
      boxes.every((one) => box[2] <= one[0] || box[0] >= one[2] || box[3] <= one[1] || box[1] >= one[3]);
    if (map.marked !== null) this.drawMarked(map.marked, radius, boxes, nodes);
    const written = [];
    map.levels.forEach((level, number) => {
      const shown = level.clusters
        .map((cluster, place) => ({ cluster, place, at: this.at(cluster.x, cluster.y) }))
        .filter(({ cluster, at }) => cluster.size > 1 && at[0] > 0 && at[0] < this.wide && at[1] > 0 && at[1] < this.high);
      if (number > 0 && shown.length > 1.7 * most) return;
      const px = (SIZES[number] || 12) * (this.wide < NARROW_PX ? 0.86 : 1);
      shown.sort((one, two) => two.cluster.size - one.cluster.size);
      for (const { cluster, place, at } of shown) {
        const extent = 2 * cluster.reach * this.scale * this.zoom;
        // Of a cluster that fills the view the parts are named, where it has any.
        const last = number === map.levels.length - 1;
        if (extent > 1.1 * Math.min(this.wide, this.high) && this.zoom > 1.5 && !last) continue;
        const chosen = map.chosen && map.chosen[0] === number && map.chosen[1] === place;
        const dim = map.chosen && !chosen && !(number > map.chosen[0] && this.inside(number, place));
        const put = this.put(cluster.name, at, {
          px: Math.max(px, 11), weight: dim ? 400 : number === 0 ? 700 : 600, wide: number === 0 ? 18 : 20, rings: number === 0 ? 14 : 5,
          colour: dim ? readable(FAINT, this.ground) : this.colourOf(number, place),
          name: `c${number}-${place}`,
        }, free, boxes, nodes);
        if (put) written.push(number);
      }
    });
    if (this.view.length <= 2 * most) this.drawClasses(radius, free, boxes, nodes, written);
    for (const [name, list] of Object.entries(nodes)) this.groups[name].replaceChildren(...list);
    this.tell();
  }

  drawMarked(place, radius, boxes, nodes) {
    const { map } = this.data;
    const [x, y] = this.places[place];
    if (x < 0 || x > this.wide || y < 0 || y > this.high) return;
    const cell = this.data.sheet && this.data.sheet.cells[map.keys[place]];
    // Its picture in a frame, or a ring around its dot.
    const half = cell === undefined || cell === null ? radius + 5 : TILE_PX / 2 + 1;
    const edge = { fill: "none", stroke: MARK, "stroke-width": 3.5 };
    if (half > radius + 5) {
      nodes.tiles.push(this.tile(cell, x, y, place));
      nodes.tiles.push(svg("rect", { x: x - half, y: y - half, width: 2 * half, height: 2 * half, rx: 3, ...edge }));
    } else nodes.leaders.push(svg("circle", { cx: x, cy: y, r: half, ...edge }));
    boxes.push([x - half - 3, y - half - 3, x + half + 3, y + half + 3]);
    const inside = (box) => box[0] >= 2 && box[1] >= 2 && box[2] <= this.wide - 2 && box[3] <= this.high - 2;
    for (const side of [1, -1]) {
      const put = this.put(map.names[place], [x, y + side * (half + 15)], {
        px: 14, weight: 700, wide: 26, rings: 0, colour: readable(MARK, this.ground), name: `m${place}`,
      }, inside, boxes, nodes);
      if (put) return;
    }
  }

  // Whether a cluster of a finer level lies in the chosen one.
  inside(number, place) {
    const { map } = this.data;
    const member = map.levels[number].labels.indexOf(place);
    return map.levels[map.chosen[0]].labels[member] === map.chosen[1];
  }

  colourOf(number, place) {
    const { map } = this.data;
    return readable(map.colours[map.levels[number].labels.indexOf(place)], this.ground);
  }

  // Write a name as near to its place as there is room; whether there was.
  put(words, [x, y], style, free, boxes, nodes) {
    const lines = wrapped(words, words.length > 36 ? 1.3 * style.wide : style.wide);
    measure.font = `${style.weight} ${style.px}px ${getComputedStyle(this.svg).fontFamily}`;
    const wide = Math.max(...lines.map((line) => measure.measureText(line).width)) + 6;
    const step = 1.12 * style.px;
    const high = step * lines.length + 4;
    for (let ring = 0; ring <= style.rings; ring++) {
      const turns = ring ? 4 + 4 * ring : 1;
      for (let turn = 0; turn < turns; turn++) {
        const angle = (2 * Math.PI * turn) / turns + Math.PI / 2;
        const [mx, my] = [x + 13 * ring * Math.cos(angle) * 1.5, y + 11 * ring * Math.sin(angle)];
        const box = [mx - wide / 2, my - high / 2, mx + wide / 2, my + high / 2];
        if (!free(box)) continue;
        boxes.push(box);
        nodes.labels.push(this.text(lines, mx, box[1] + 2 + 0.85 * style.px, step, style, "middle"));
        if (ring > 3) nodes.leaders.push(svg("line", { x1: x, y1: y, x2: mx, y2: my, stroke: style.colour, "stroke-width": 1, "stroke-opacity": 0.7 }));
        return true;
      }
    }
    return false;
  }

  text(lines, x, y, step, style, anchor) {
    const ground = `rgb(${this.ground})`;
    const node = svg("text", {
      "font-size": style.px, "font-weight": style.weight, fill: style.colour,
      "text-anchor": anchor, stroke: ground, "stroke-width": 4, "stroke-linejoin": "round", "paint-order": "stroke",
      "data-name": style.name,
    });
    lines.forEach((line, row) => {
      const part = svg("tspan", { x: x.toFixed(1), y: (y + row * step).toFixed(1) });
      part.textContent = line;
      node.appendChild(part);
    });
    return node;
  }

  drawClasses(radius, free, boxes, nodes, written) {
    const { map, sheet } = this.data;
    const finest = map.levels.length - 1;
    const medoid = (place) => -map.levels[finest].clusters[map.levels[finest].labels[place]].size;
    const ranked = [...this.view].sort((one, two) => medoid(one) - medoid(two) || one - two);
    const font = getComputedStyle(this.svg).fontFamily;
    for (const place of ranked) {
      if (place === map.marked) continue;
      const [x, y] = this.places[place];
      const cell = sheet && sheet.cells[map.keys[place]];
      const half = TILE_PX / 2;
      let gap = radius + 3;
      if (cell !== undefined && free([x - half, y - half, x + half, y + half])) {
        boxes.push([x - half, y - half, x + half, y + half]);
        nodes.tiles.push(this.tile(cell, x, y, place));
        gap = half + 2;
      }
      const words = map.names[place].length > 28 ? `${map.names[place].slice(0, 27)}…` : map.names[place];
      measure.font = `400 ${CLASS_PX}px ${font}`;
      const wide = measure.measureText(words).width + 4;
      const high = 1.2 * CLASS_PX;
      const spots = [
        ["start", x + gap, y - high / 2], ["end", x - gap - wide, y - high / 2],
        ["start", x - wide / 2, y + gap - 1], ["start", x - wide / 2, y - gap - high + 1],
      ];
      for (const [, left, top] of spots) {
        const box = [left, top, left + wide, top + high];
        if (!free(box)) continue;
        boxes.push(box);
        const style = { px: CLASS_PX, weight: 400, colour: readable(this.in(place) ? "#444444" : FAINT, this.ground), name: `p${place}` };
        nodes.labels.push(this.text([words], left + 2, top + 0.86 * CLASS_PX + 1, 0, style, "start"));
        break;
      }
    }
  }

  tile(cell, x, y, place) {
    const { sheet, map } = this.data;
    const [column, row] = [cell % sheet.columns, Math.floor(cell / sheet.columns)];
    const frame = svg("svg", {
      x: x - TILE_PX / 2, y: y - TILE_PX / 2, width: TILE_PX, height: TILE_PX, "data-class": place,
      viewBox: `${column * sheet.px} ${row * sheet.px} ${sheet.px} ${sheet.px}`, style: "cursor:pointer",
    });
    frame.appendChild(svg("image", { href: sheet.src, width: sheet.columns * sheet.px, height: sheet.rows * sheet.px }));
    const edge = { x: column * sheet.px, y: row * sheet.px, width: sheet.px, height: sheet.px, fill: "none" };
    frame.appendChild(svg("rect", { ...edge, stroke: map.colours[place], "stroke-width": 6 }));
    return frame;
  }

  // What is in view, in words.
  tell() {
    const { map } = this.data;
    const level = map.levels[0];
    const counts = new Map();
    for (const place of this.view) counts.set(level.labels[place], (counts.get(level.labels[place]) || 0) + 1);
    const ranked = [...counts].sort((one, two) => two[1] - one[1]).slice(0, 4);
    const words = ranked.map(([cluster, count]) => `${level.clusters[cluster].name} (${count})`).join("; ");
    const all = this.view.length === this.count;
    this.seen.textContent = all
      ? `All ${this.count.toLocaleString("en")} classes. Zoom in for finer names.`
      : `In view: ${this.view.length.toLocaleString("en")} of ${this.count.toLocaleString("en")} classes: ${words}${counts.size > 4 ? "; …" : ""}`;
  }

  // ---- moving ----
  listen(root) {
    const { plane } = this;
    root.querySelectorAll("[data-do]").forEach((button) =>
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        const act = button.dataset.do;
        if (act === "save") return this.save();
        if (act === "whole") return this.look(0, 0, 1);
        if (act === "marked") {
          const { map } = this.data;
          return this.look(...this.turn(map.x[map.marked], map.y[map.marked]), Math.max(this.zoom, 8));
        }
        return this.zoomTo(this.zoom * (act === "in" ? STEP : 1 / STEP));
      }),
    );
    plane.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return this.hintAt();
      event.preventDefault();
      this.zoomTo(this.zoom * Math.exp(-event.deltaY / 200), event);
    }, { passive: false });
    plane.addEventListener("dblclick", (event) => this.zoomTo(this.zoom * STEP, event));
    plane.addEventListener("keydown", (event) => {
      const shift = 0.15 / this.zoom;
      const moves = { ArrowLeft: [-shift, 0], ArrowRight: [shift, 0], ArrowUp: [0, shift], ArrowDown: [0, -shift] };
      if (event.target !== plane) return;
      if (event.key in moves) this.look(this.cx + moves[event.key][0], this.cy + moves[event.key][1], this.zoom);
      else if (event.key === "+" || event.key === "=") this.zoomTo(this.zoom * STEP);
      else if (event.key === "-") this.zoomTo(this.zoom / STEP);
      else if (event.key === "0") this.look(0, 0, 1);
      else return;
      event.preventDefault();
    });
    plane.addEventListener("pointerdown", (event) => {
      if (event.target.closest("button")) return;
      this.pointers.set(event.pointerId, event);
      this.began = [event.clientX, event.clientY];
      this.dragged = false;
    });
    plane.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "pointerleave"])
      plane.addEventListener(name, (event) => {
        this.pointers.delete(event.pointerId);
        plane.classList.remove("moving");
        if (name === "pointerleave") this.tip.hidden = true;
      });
    plane.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.data && this.layout()).observe(plane.parentElement);
  }

  hintAt() {
    this.hint.hidden = false;
    clearTimeout(this.hiding);
    this.hiding = setTimeout(() => { this.hint.hidden = true; }, 1200);
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.point(event);
    const others = [...this.pointers.values()].filter((one) => one.pointerId !== event.pointerId);
    if (Math.hypot(event.clientX - this.began[0], event.clientY - this.began[1]) > 4) this.dragged = true;
    if (!this.dragged) return undefined;
    this.tip.hidden = true;
    this.plane.classList.add("moving");
    if (!this.plane.hasPointerCapture(event.pointerId)) this.plane.setPointerCapture(event.pointerId);
    if (others.length === 1) {
      const far = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY);
      this.zoomTo((this.zoom * far(event)) / Math.max(far(before), 1), event);
    } else if (event.pointerType === "mouse" || this.zoom > 1.001) {
      const factor = this.scale * this.zoom;
      this.look(this.cx - (event.clientX - before.clientX) / factor, this.cy + (event.clientY - before.clientY) / factor, this.zoom);
    }
    this.pointers.set(event.pointerId, event);
    return undefined;
  }

  look(cx, cy, zoom) {
    Object.assign(this, { cx, cy, zoom: Math.min(Math.max(zoom, 1), MOST_ZOOM) });
    if (this.zoom === 1) Object.assign(this, { cx: 0, cy: 0 });
    this.draw();
  }

  // Around the place of an event, else around the middle.
  zoomTo(zoom, event) {
    const next = Math.min(Math.max(zoom, 1), MOST_ZOOM);
    const box = this.plane.getBoundingClientRect();
    const [px, py] = event ? [event.clientX - box.left - this.wide / 2, this.high / 2 - (event.clientY - box.top)] : [0, 0];
    const gain = (1 / this.zoom - 1 / next) / this.scale;
    this.look(this.cx + px * gain, this.cy + py * gain, next);
  }

  // ---- pointing ----
  nearest(event) {
    const box = this.plane.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let least = event.pointerType === "mouse" ? 12 : 22;
    for (const place of this.view || []) {
      const far = Math.hypot(this.places[place][0] - px, this.places[place][1] - py);
      if (far < least) [best, least] = [place, far];
    }
    return best;
  }

  classAt(event) {
    const named = event.target.closest ? event.target.closest("[data-class]") : null;
    if (named) return Number(named.dataset.class);
    return this.nearest(event);
  }

  point(event) {
    const label = event.target.dataset && event.target.closest("[data-name]");
    if (label) return this.pointName(label.dataset.name, event);
    const place = this.classAt(event);
    if (place === null) {
      this.tip.hidden = true;
      return undefined;
    }
    return this.tipOf(place, event);
  }

  tipOf(place, event) {
    const { map, sheet } = this.data;
    const lines = map.levels.map((level) => {
      const cluster = level.clusters[level.labels[place]];
      return `${level.name}: ${cluster.name}${this.holds(cluster)}`;
    });
    this.showTip(map.names[place], map.keys[place], lines, sheet ? sheet.cells[map.keys[place]] : undefined, event);
  }

  holds(cluster) {
    const share = cluster.coverage;
    return share === null || share === undefined ? "" : ` (holds for ${Math.round(100 * share)} %)`;
  }

  pointName(name, event) {
    const { map } = this.data;
    if (name[0] !== "c") return this.tipOf(Number(name.slice(1)), event);
    const [number, place] = name.slice(1).split("-").map(Number);
    const cluster = map.levels[number].clusters[place];
    const lines = [`${cluster.size.toLocaleString("en")} classes`];
    if (cluster.coverage !== null) lines.push(`the name holds for ${Math.round(100 * cluster.coverage)} % of them`);
    return this.showTip(cluster.name, `level ${map.levels[number].name}`, lines, undefined, event);
  }

  showTip(title, under, lines, cell, event) {
    const make = (tag, text, name = "") => Object.assign(document.createElement(tag), { textContent: text, className: name });
    const parts = [];
    if (cell !== undefined) {
      const { sheet } = this.data;
      const picture = make("div", "", "picture");
      const [column, row] = [cell % sheet.columns, Math.floor(cell / sheet.columns)];
      picture.style.backgroundImage = `url(${sheet.src})`;
      picture.style.backgroundSize = `${72 * sheet.columns}px ${72 * sheet.rows}px`;
      picture.style.backgroundPosition = `${-72 * column}px ${-72 * row}px`;
      parts.push(picture);
    }
    parts.push(make("b", title), make("div", under), ...lines.map((line) => make("div", line)));
    this.tip.replaceChildren(...parts);
    this.tip.hidden = false;
    const box = this.plane.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const [wide, high] = [this.tip.offsetWidth, this.tip.offsetHeight];
    const left = Math.min(Math.max(x + 14 + wide > this.wide ? x - wide - 14 : x + 14, 2), Math.max(this.wide - wide - 2, 2));
    const top = y + 14 + high > this.high ? Math.max(y - high - 10, 2) : y + 14;
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${top}px`;
  }

  click(event) {
    if (this.dragged || event.target.closest("button")) return;
    const label = event.target.closest ? event.target.closest("[data-name]") : null;
    if (label && label.dataset.name[0] === "c") {
      const [level, cluster] = label.dataset.name.slice(1).split("-").map(Number);
      this.send({ level, cluster });
      return;
    }
    const place = label ? Number(label.dataset.name.slice(1)) : this.classAt(event);
    if (place === null) return;
    this.tipOf(place, event);
    this.send({ class: place });
  }

  // What is seen, with its title and source, as a file of its own.
  save() {
    const head = 46;
    const whole = svg("svg", {
      xmlns: SVG, width: this.wide, height: this.high + head, viewBox: `0 ${-head} ${this.wide} ${this.high + head}`,
      "font-family": getComputedStyle(this.svg).fontFamily,
    });
    whole.appendChild(svg("rect", { x: 0, y: -head, width: this.wide, height: this.high + head, fill: `rgb(${this.ground})` }));
    const colour = getComputedStyle(this.plane).color;
    for (const [words, px, y, weight] of [[this.data.title, 15, 20 - head, 700], [this.data.source, 11, 38 - head, 400]]) {
      const line = svg("text", { x: 6, y, "font-size": px, "font-weight": weight, fill: colour });
      line.textContent = words;
      whole.appendChild(line);
    }
    const inner = svg("svg", { x: 0, y: 0, width: this.wide, height: this.high, viewBox: `0 0 ${this.wide} ${this.high}` });
    for (const group of this.svg.children) {
      const copy = group.cloneNode(true);
      copy.querySelectorAll("[style*='display: none']").forEach((one) => one.remove());
      inner.appendChild(copy);
    }
    whole.appendChild(inner);
    const blob = new Blob([new XMLSerializer().serializeToString(whole)], { type: "image/svg+xml" });
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "class-map.svg" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}
