// Small pictures of the classes in the areas of a figure that plotly draws, and beside the pointer.
// Plotly tells of its areas by their ids; what stands where is asked of the page itself, again and
// again, since plotly moves its areas when one goes into another.
const EVERY_MS = 350;
const MOST_AREAS = 400;
const GAP_PX = 4;
const TILE_PX = 40;
const CARD_PX = 64;
const views = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!views.has(root)) views.set(root, new Pictures(root));
  const view = views.get(root);
  view.data = JSON.parse(component.data.json);
  view.signature = "";
  return () => view.end();
}

class Pictures {
  constructor(root) {
    this.root = root;
    this.over = (event) => this.point(event);
    this.timer = setInterval(() => this.look(), EVERY_MS);
  }

  end() {
    clearInterval(this.timer);
    for (const one of [this.layer, this.card]) if (one) one.remove();
    views.delete(this.root);
  }

  look() {
    const plot = document.querySelector(`.st-key-${CSS.escape(this.data.figure)} .js-plotly-plot`);
    if (!plot || !plot.isConnected) return;
    if (plot !== this.plot) {
      this.plot = plot;
      plot.on("plotly_hover", this.over);
      plot.on("plotly_unhover", () => this.hide());
      this.signature = "";
    }
    if (!this.layer || this.layer.parentElement !== plot) {
      this.layer = Object.assign(document.createElement("div"), { className: "area-pictures" });
      this.layer.style.cssText = "position:absolute;inset:0;pointer-events:none;overflow:hidden";
      plot.appendChild(this.layer);
      this.signature = "";
    }
    this.fill();
  }

  fill() {
    const slices = [...this.plot.querySelectorAll(".treemaplayer .slice, .iciclelayer .slice")];
    if (slices.length > MOST_AREAS) {
      this.layer.replaceChildren();
      return;
    }
    const ids = slices.map((one) => idOf(one));
    const frame = this.plot.getBoundingClientRect();
    const boxes = [];
    slices.forEach((slice, place) => {
      const id = ids[place];
      const cells = this.data.areas[id];
      // Around smaller areas there is room for a name alone.
      if (!cells || ids.some((other) => other && other.startsWith(`${id}/`))) return;
      const area = slice.querySelector("path.surface").getBoundingClientRect();
      const words = slice.querySelector(".slicetext text")?.getBoundingClientRect();
      // A name for which there is no room has no box, and stands at the window's corner.
      const box = words && words.width ? words : { bottom: area.top, right: area.left };
      boxes.push({ id, cells, area, box });
    });
    const signature = JSON.stringify(boxes.map(({ id, area, box }) => [id, area.left - frame.left, area.top - frame.top, area.width, area.height, box.bottom - frame.top].map((one) => (typeof one === "number" ? Math.round(one) : one))));
    if (signature === this.signature) return;
    // Not while areas are on the move.
    const settled = signature === this.last;
    this.last = signature;
    this.layer.replaceChildren();
    if (!settled) return;
    this.signature = signature;
    for (const { cells, area, box } of boxes) this.place(cells, area, box, frame);
  }

  // In the corner of an area below its name, or beside it where it is one line high.
  place(cells, area, box, frame) {
    const below = area.bottom - box.bottom;
    const beside = area.right - box.right;
    let room = 0;
    let side = TILE_PX;
    if (below >= TILE_PX + 2 * GAP_PX) room = area.width;
    else if (beside >= 60 && area.height >= 20) {
      room = beside - 10;
      side = Math.min(TILE_PX, area.height - 2 * GAP_PX);
    }
    const count = Math.min(cells.length, 4, Math.floor((room - GAP_PX) / (side + GAP_PX)));
    cells.slice(0, Math.max(count, 0)).forEach((cell, place) => {
      const tile = this.tile(cell, side);
      tile.style.position = "absolute";
      tile.style.left = `${area.right - frame.left - (count - place) * (side + GAP_PX)}px`;
      tile.style.top = `${area.bottom - frame.top - side - GAP_PX}px`;
      this.layer.appendChild(tile);
    });
  }

  tile(cell, side) {
    const { sheet } = this.data;
    const tile = document.createElement("div");
    const [column, row] = [cell % sheet.columns, Math.floor(cell / sheet.columns)];
    tile.className = "area-picture";
    tile.style.cssText = `width:${side}px;height:${side}px;border-radius:4px;outline:1px solid #0006;background-repeat:no-repeat`;
    tile.style.backgroundImage = `url(${sheet.src})`;
    tile.style.backgroundSize = `${side * sheet.columns}px ${side * sheet.rows}px`;
    tile.style.backgroundPosition = `${-side * column}px ${-side * row}px`;
    return tile;
  }

  point(told) {
    const point = told.points && told.points[0];
    const cells = point && this.data.areas[point.id];
    if (!cells || !told.event) return this.hide();
    if (!this.card) {
      this.card = Object.assign(document.createElement("div"), { className: "area-card" });
      document.body.appendChild(this.card);
    }
    this.card.style.cssText = "position:fixed;z-index:1000;pointer-events:none;display:flex;gap:6px;padding:6px;border-radius:6px;background:#14181dee;color:#fff;font:11px/1.2 sans-serif;box-shadow:0 2px 10px #0006";
    this.card.replaceChildren(...cells.slice(0, 4).map((cell) => {
      const one = document.createElement("div");
      one.style.cssText = `width:${CARD_PX}px;overflow-wrap:anywhere`;
      one.append(this.tile(cell, CARD_PX), this.data.names[cell] || "");
      return one;
    }));
    const [wide, high] = [this.card.offsetWidth, this.card.offsetHeight];
    const { clientX, clientY } = told.event;
    this.card.style.left = `${Math.max(4, Math.min(clientX - wide / 2, window.innerWidth - wide - 4))}px`;
    this.card.style.top = `${clientY + 28 + high > window.innerHeight ? clientY - high - 48 : clientY + 28}px`;
    return undefined;
  }

  hide() {
    if (this.card) this.card.remove();
    this.card = undefined;
  }
}

function idOf(slice) {
  const data = slice.__data__;
  return data && data.data && data.data.data ? data.data.data.id : "";
}
