// A button a photograph; its picture is a square of one sheet.
export default function (component) {
  const { sheet, photographs, chosen } = component.data;
  const strip = component.parentElement.querySelector(".strip");
  const buttons = photographs.map(({ name, cell, mark }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = name;
    button.setAttribute("aria-label", name);
    button.setAttribute("aria-pressed", String(name === chosen));
    const column = cell % sheet.columns;
    const row = Math.floor(cell / sheet.columns);
    button.style.backgroundImage = `url("${sheet.src}")`;
    button.style.backgroundPosition = `${-column * sheet.px}px ${-row * sheet.px}px`;
    if (mark) button.append(Object.assign(document.createElement("span"), { textContent: mark }));
    button.onclick = () => component.setTriggerValue("chosen", name);
    return button;
  });
  const focused = strip.getRootNode().activeElement?.title;
  strip.replaceChildren(...buttons);
  buttons.find((one) => one.title === focused)?.focus();
}
