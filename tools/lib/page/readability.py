"""Whether text stands out from what is behind it (WCAG 2.2, 1.4.3)."""

LEAST_CONTRAST = 4.5
# Colours are read back from a canvas, since a style may give them in any notation.
SCRIPT = """
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parts = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (color) => {
    const [red, green, blue] = [...parts(color)].slice(0, 3).map((part) => part / 255).map(
      (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (parts(color)[3] > 250) return color;
    }
    return "white";
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3)
      .map((node) => node.data.trim()).join(" ").trim();
    if (text === "" || element.closest(":disabled, .unseen, .skip") ||
      !element.checkVisibility({ visibilityProperty: true }) ||
      element.getClientRects().length === 0) continue;
    const values = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    const contrast = (Math.max(...values) + 0.05) / (Math.min(...values) + 0.05);
    if (contrast < arguments[0]) found.push(`${text.slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return found;
"""


def faint_texts(browser):
    """The texts that are shown with too little contrast, each with how much it has."""
    return browser.run(SCRIPT, LEAST_CONTRAST)
