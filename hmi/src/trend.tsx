//! The last 24 hours of a value as a line, with its lowest and highest (HMI-05). A gap is a time without a good value.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask } from "./api";
import * as format from "./format";
import { plant, type Row } from "./plant";
import { ui } from "./text";
import { bare } from "./ui";

type Point = [number, number | null, string];

const DAY_MS = 86_400_000;
const POINTS = 300;
const WIDTH = 600;
const HEIGHT = 120;

/** Reads once when it is opened. */
export function Trend({ row }: { row: Row }): JSX.Element {
  const [to] = useState(() => plant.wall());
  const [points, setPoints] = useState<Point[]>();
  const from = to - DAY_MS;
  useEffect(() => {
    const query = `path=${encodeURIComponent(row.path)}&from=${from}&to=${to}&points=${POINTS}`;
    void ask<{ points: Point[] }>("GET", `/api/history?${query}`).then((answer) =>
      setPoints(answer.data?.points ?? []),
    );
  }, []);
  const known = points?.flatMap(([, value]) => (value === null ? [] : [value])) ?? [];
  if (points === undefined) return <p class="trend-note">{ui("connecting")}</p>;
  if (known.length < 2) return <p class="trend-note">{ui("no_events")}</p>;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const span = high - low || 1;
  const begin = Math.max(from, points[0]?.[0] ?? from);
  let pen = "M";
  const line = points.map(([at, value]) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const x = (WIDTH * (at - begin)) / (to - begin || 1);
    const y = 4 + (HEIGHT - 8) * (1 - (value - low) / span);
    const drawn = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
    return drawn;
  });
  return (
    <figure class="trend">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={line.join("")} />
      </svg>
      <figcaption>
        <span>{format.dateTime(begin)}</span>
        <span>
          {bare(row, low)} ... {bare(row, high)}
        </span>
        <span>{format.clock(to)}</span>
      </figcaption>
    </figure>
  );
}
