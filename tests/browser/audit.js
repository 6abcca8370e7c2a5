// What of a page cannot be read or pressed: a list of sentences, each of one part of the page.
// Text below `least` px, text that its ground hides (WCAG 2: 4.5, large text 3), parts to press of
// less than `press` px (0: not looked at), parts without a name, and a page wider than the window.
({ least, press }) => {
  const told = [];
  const shown = (one) => {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && style.opacity !== "0"
      && one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const parse = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return { rgb: [r, g, b], a: text === "transparent" ? 0 : a };
  };
  const over = (top, ground) => top.rgb.map((part, place) => part * top.a + ground[place] * (1 - top.a));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const ground = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement || at.getRootNode().host) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none" && !(at.tagName === "BODY")) return null;
      const colour = parse(style.backgroundColor);
      if (colour.a > 0) layers.unshift(colour);
      if (colour.a >= 1) break;
    }
    return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const roots = [document];
  for (const root of roots) for (const one of root.querySelectorAll("*")) if (one.shadowRoot) roots.push(one.shadowRoot);
  const name = (one) => `${one.tagName.toLowerCase()}.${[...one.classList].slice(0, 2).join(".")}`;
  for (const root of roots) {
    const walk = document.createTreeWalker(root === document ? document.body : root, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const one = node.parentElement, words = node.textContent.trim();
      if (!words || !one || ["SCRIPT", "STYLE", "NOSCRIPT", "TITLE"].includes(one.tagName) || !shown(one)) continue;
      const icon = one.closest("[data-testid=stIconMaterial], [aria-hidden=true], [role=img]");
      const style = getComputedStyle(one), size = parseFloat(style.fontSize);
      const scale = one.ownerSVGElement ? Math.hypot(one.getCTM()?.a ?? 1, one.getCTM()?.b ?? 0) : 1;
      if (size * scale < least && !one.closest("[data-testid=stIconMaterial]")) told.push(`${(size * scale).toFixed(1)} px: ${name(one)} "${words.slice(0, 40)}"`);
      if (icon || parse(style.color).a === 0 || one.closest("[disabled], [aria-disabled=true]")) continue;
      const bar = one.closest(".pathbar")?.querySelector("path.surface");
      const under = bar ? parse(getComputedStyle(bar).fill).rgb : one.ownerSVGElement ? (one.closest(".slice, .heatmaplayer, .sankey") ? null : ground(one.ownerSVGElement)) : ground(one.closest("[data-testid=stSliderThumbValue]")?.closest("[data-testid=stSlider]") ?? one);
      if (!under) continue;
      const ink = parse(one.ownerSVGElement ? style.fill : style.color);
      const opacity = Number(style.opacity);
      const found = contrast(over({ rgb: ink.rgb, a: ink.a * opacity }, under), under);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (found < (large ? 3 : 4.5)) told.push(`${found.toFixed(1)}:1: ${name(one)} "${words.slice(0, 40)}"`);
    }
    for (const one of root.querySelectorAll("button, a[href], input, select, textarea, summary, [role=button], [role=slider], [role=radio], [role=tab], [role=switch]")) {
      if (!shown(one)) continue;
      const box = one.getBoundingClientRect();
      const label = one.closest("label, [data-testid=stSelectbox], [data-testid=stMultiSelect], [data-testid=stSlider]")?.getBoundingClientRect();
      const high = Math.max(box.height, label?.height ?? 0), wide = Math.max(box.width, label?.width ?? 0);
      const words = (one.getAttribute("aria-label") || one.getAttribute("title") || one.textContent || one.labels?.[0]?.textContent || "").trim();
      const labelled = words || one.getAttribute("aria-labelledby") || one.placeholder || one.querySelector("img[alt]:not([alt=''])");
      if (!labelled) told.push(`no name: ${name(one)} ${one.getAttribute("data-testid") || one.parentElement?.getAttribute("data-testid") || ""}`);
      if (press && (high < press || wide < press) && !one.closest(".modebar, p, td, [data-testid=stToolbar], [data-testid=stElementToolbar], [data-testid=stTooltipHoverTarget]") && one.getAttribute("tabindex") !== "-1")
        told.push(`${wide.toFixed(0)} × ${high.toFixed(0)} px to press: ${name(one)} "${words.slice(0, 40)}" ${one.closest("[data-testid]")?.getAttribute("data-testid") || ""}`);
    }
  }
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) told.push(`${wide} px wider than the window`);
  return [...new Set(told)];
}
