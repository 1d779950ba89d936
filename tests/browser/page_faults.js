// What a person with a screen reader, weak eyes or a narrow phone would stumble over.
() => {
  const faults = [];
  const say = (what, element) => faults.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const words = (ids) => ids.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join("");
  const isNamed = (element) => Boolean(
    (element.getAttribute("aria-label") ?? "").trim()
    || words(element.getAttribute("aria-labelledby") ?? "").trim()
    || [...(element.labels ?? [])].some((label) => label.textContent.trim())
    || (element.matches("a, button, summary") && element.textContent.trim()));

  for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href], summary")) {
    if (!isNamed(control)) say("no label", control);
  }
  for (const region of document.querySelectorAll("[role=region], nav")) {
    if (!isNamed(region)) say("no name", region);
  }
  for (const picture of document.querySelectorAll("img:not([alt]), svg[role=img]:not([aria-label]):not([aria-labelledby]):not(:has(title))")) {
    say("no alternative", picture);
  }
  const ids = new Set();
  for (const element of document.querySelectorAll("[id]")) {
    if (ids.has(element.id)) say("id twice", element);
    ids.add(element.id);
  }
  for (const name of ["for", "aria-labelledby", "aria-describedby", "list"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      const missing = element.getAttribute(name).split(/\s+/).filter((id) => !ids.has(id));
      if (missing.length) say(`${name} of nothing`, element);
    }
  }
  for (const [what, selector] of [["main", "main"], ["h1", "h1"]]) {
    const count = document.querySelectorAll(selector).length;
    if (count !== 1) faults.push(`${count} times ${what}`);
  }

  // Colors are drawn, so that whatever notation they are written in becomes red, green and blue.
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const drawn = (color) => {
    if (!known.has(color)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = color;
      pen.fillRect(0, 0, 1, 1);
      known.set(color, [...pen.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(color);
  };
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = drawn(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const seen = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || seen.has(element)) continue;
    seen.add(element);
    if (element.closest("svg, .skip, [disabled], .stack thead, option") || !isShown(element)) continue;
    const style = getComputedStyle(element);
    const [one, other] = [light(drawn(style.color)), light(behind(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.5 && style.fontWeight >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) say(`contrast ${contrast.toFixed(1)}`, element);
  }
  return faults;
}
