/** A small line beside each figure: its last minute, kept by this page alone. */

const KEPT = 60;
const WIDTH = 120;
const HEIGHT = 28;
const SVG = "http://www.w3.org/2000/svg";

export class Charts {
  private readonly series = new Map<string, number[]>();

  constructor(private readonly picture: HTMLElement) {}

  /** Takes the figures that the picture shows now, and draws the lines anew. */
  draw(): void {
    for (const figure of this.picture.querySelectorAll<HTMLElement>("[data-series]")) {
      const name = figure.dataset["series"]!;
      const values = [...(this.series.get(name) ?? []), readNumber(figure)].slice(-KEPT);
      this.series.set(name, values);
      figure.after(makeLine(values));
    }
  }
}

function readNumber(figure: HTMLElement): number {
  return Number.parseFloat(figure.textContent!.replaceAll(",", "")) || 0;
}

function makeLine(values: number[]): SVGSVGElement {
  const chart = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "polyline");
  const most = Math.max(1, ...values);
  const points = values.map((value, at) => {
    const x = WIDTH - ((values.length - 1 - at) * WIDTH) / (KEPT - 1);
    return `${x.toFixed(1)},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`;
  });
  chart.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  chart.setAttribute("preserveAspectRatio", "none");
  chart.setAttribute("class", "sparkline");
  chart.setAttribute("aria-hidden", "true");
  line.setAttribute("points", points.join(" "));
  chart.append(line);
  return chart;
}
