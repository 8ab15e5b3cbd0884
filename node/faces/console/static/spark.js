// A small line without axes.

import { fill, s } from "./page.js";

export const POINTS = 60;

export function sparkline(place, points) {
  const most = Math.max(...points) || 1;
  const shift = POINTS - points.length;
  const x = (at) => (((at + shift) / (POINTS - 1)) * 120).toFixed(1);
  const line = points.map((value, at) => `${x(at)} ${(34 - (value / most) * 30).toFixed(1)}`).join("L");
  fill(place, s("path", { d: `M${x(0)} 36L${line}L120 36Z` }), s("path", { d: `M${line}`, "vector-effect": "non-scaling-stroke" }));
}
