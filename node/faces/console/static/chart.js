// Latencies by percentile: one line an operation, on a logarithmic scale.

import { h, lasting, s } from "./page.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [760, 240, 62, 24];

export function chart(series, label) {
  const known = series.filter(({ points }) => points.some(([, value]) => value > 0));
  if (!known.length) return null;
  const values = known.flatMap(({ points }) => points.map(([, value]) => value)).filter((value) => value > 0);
  const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)) + 1e-9)];
  const y = (value) => 8 + (HEIGHT - BOTTOM - 8) * (1 - (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low || 1));
  const names = known[0].points.map(([name]) => name);
  const x = (at) => LEFT + ((WIDTH - LEFT - 12) * at) / Math.max(1, names.length - 1);
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": label });
  for (let power = low; power <= high; power += 1) {
    picture.append(s("path", { d: `M${LEFT} ${y(10 ** power)}H${WIDTH - 12}`, class: "grid" }), words(LEFT - 8, y(10 ** power) + 4, lasting(10 ** power / 1000), "end"));
  }
  names.forEach((name, at) => picture.append(words(x(at), HEIGHT - 6, name, at === names.length - 1 ? "end" : "middle")));
  known.forEach(({ points }, at) => picture.append(s("path", { d: `M${points.map(([, value], place) => `${x(place)} ${y(value)}`).join("L")}`, class: `line-${at % 6}` })));
  const legend = h("ul", { class: "legend" }, known.map(({ name }, at) => h("li", {}, s("svg", { viewBox: "0 0 24 8", "aria-hidden": "true" }, s("path", { d: "M1 4H23", class: `line-${at % 6}` })), name)));
  return h("figure", {}, picture, h("figcaption", {}, legend));
}

function words(x, y, text, anchor) {
  const element = s("text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}
