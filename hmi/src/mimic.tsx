//! The drawing of the plant, from the numbers of tanks, filters and pumps that the catalogue names. Blocks stand in flow
//! order and wrap into rows, so that one drawing serves a phone and a desk. Grey unless something is abnormal; running is
//! filled, stopped is outlined (HMI-01 to HMI-03).

import type { ComponentChildren, JSX } from "preact";
import { worst } from "./alarm_words";
import { shortName, unitName } from "./names";
import { first, plant, stateOf, usable, type Alarm, type Row } from "./plant";
import { text, ui } from "./text";
import { reading, Shape } from "./ui";

/** Height of a block, its pipe's height, and the gap between blocks; drawing units, 1 = 1 px on a phone of 360 px. */
const HEIGHT = 122;
const PIPE = 54;
const GAP = 12;
const MARGIN = 6;

interface Block {
  key: string;
  width: number;
  link?: string;
  label: string;
  /** The alarms that mark it. */
  marks: (alarm: Alarm) => boolean;
  lines: string[];
  drawn: JSX.Element;
  /** Water reaches it from the block before. */
  piped: boolean;
}

/** A level that fills a vessel; hatched outline when it is not known. */
function Vessel({
  x,
  width,
  share,
  children,
}: {
  x: number;
  width: number;
  share: number | undefined;
  children?: ComponentChildren;
}): JSX.Element {
  const top = PIPE - 30;
  const height = 60;
  const fill = share === undefined ? 0 : height * Math.max(0, Math.min(1, share));
  return (
    <g>
      <rect
        class={share === undefined ? "vessel unknown" : "vessel"}
        x={x}
        y={top}
        width={width}
        height={height}
        rx="2"
      />
      <rect
        class="water"
        x={x + 1.5}
        y={top + height - fill}
        width={width - 3}
        height={Math.max(0, fill - 1.5)}
      />
      {share === undefined && (
        <path class="cross" d={`M${x + width / 2 - 7} ${PIPE - 7}l14 14m0 -14l-14 14`} />
      )}
      {children}
    </g>
  );
}

function share(row: Row | undefined): number | undefined {
  const value = row && usable(row.path);
  return value === undefined || row?.range === undefined ? undefined : value / row.range[1];
}

/** A pump: a circle with its arrow; filled while it runs. */
function Pump({
  x,
  y,
  radius,
  device,
}: {
  x: number;
  y: number;
  radius: number;
  device: string;
}): JSX.Element {
  const running = usable(`${device}.running`);
  const known = plant.row(`${device}.running`) === undefined || running !== undefined;
  const state = !known ? "unknown" : running !== undefined && running >= 0.5 ? "runs" : "stands";
  return (
    <g class={`pump ${state}`}>
      <circle cx={x} cy={y} r={radius} />
      <path
        d={`M${x - radius * 0.4} ${y - radius * 0.6}L${x + radius * 0.7} ${y}L${x - radius * 0.4} ${y + radius * 0.6}Z`}
      />
      {!known && <path class="cross" d={`M${x - 5} ${y - 5}l10 10m0 -10l-10 10`} />}
    </g>
  );
}

function Pumps({ unit, number, width }: { unit: string; number: number; width: number }): JSX.Element {
  const radius = number > 2 ? 9 : 12;
  const step = radius * 2 + 4;
  const letters = Array.from({ length: number }, (_, index) => String.fromCharCode(97 + index));
  return (
    <g>
      {letters.map((letter, index) => (
        <Pump
          key={letter}
          x={width / 2}
          y={PIPE + (index - (number - 1) / 2) * step}
          radius={radius}
          device={`${unit}.pump_${letter}`}
        />
      ))}
    </g>
  );
}

/** A dosing pump below its tank of chemical. */
function Chemical({ unit, width }: { unit: string; width: number }): JSX.Element {
  const level = share(plant.row(`${unit}.tank_level`));
  const dosing = (usable(`${unit}.doser.rate`) ?? 0) > 0 && (usable(`${unit}.doser.enable`) ?? 0) >= 0.5;
  const middle = width / 2;
  const fill = 26 * Math.max(0, Math.min(1, level ?? 0));
  return (
    <g>
      <rect
        class={level === undefined ? "vessel unknown" : "vessel"}
        x={middle - 14}
        y={PIPE - 32}
        width="28"
        height="28"
        rx="2"
      />
      <rect class="water" x={middle - 13} y={PIPE - 5 - fill} width="26" height={fill} />
      <path class="pipe thin" d={`M${middle} ${PIPE - 4}V${PIPE + 30}`} />
      <g class={`pump ${dosing ? "runs" : "stands"}`}>
        <path d={`M${middle - 9} ${PIPE + 3}h18l-9 15Z`} />
      </g>
    </g>
  );
}

/** A filter: its vessel with the bed; filled while it filters, paler while it ripens, wash water drawn as rising lines. */
function FilterVessel({ unit, width }: { unit: string; width: number }): JSX.Element {
  const state = filterState(unit);
  const top = PIPE - 30;
  return (
    <g class={`filter ${state}`}>
      <rect class="vessel" x="3" y={top} width={width - 6} height="60" rx="10" />
      <rect class="bed" x="4.5" y={PIPE - 6} width={width - 9} height="24" />
      {state === "washes" && (
        <path
          class="wash-mark"
          d={`M${width / 2 - 10} ${PIPE + 24}v-40m-4 6l4 -6l4 6M${width / 2 + 10} ${PIPE + 24}v-40m-4 6l4 -6l4 6`}
        />
      )}
    </g>
  );
}

const WASHING = new Set(["Draining", "AirScour", "AirWater", "HighWash", "SubfluidWash", "Settling"]);
const WORKING = new Set(["Filtering", "WashQueued"]);

function filterState(unit: string): "works" | "ripens" | "washes" | "stands" {
  const state = stateOf(`${unit}.state`) ?? "";
  if (WASHING.has(state)) return "washes";
  if (WORKING.has(state)) return "works";
  return state === "Ripening" ? "ripens" : "stands";
}

/** Alarms of a unit that stands as several blocks go to the block they speak of (`docs/spec/plant.md` 4). */
const WASH_ALARMS = new Set([306, 307, 311]);
const TANK_ALARMS = new Set([503, 504, 505, 506]);
const NET_ALARMS = new Set([507, 508]);

function of(unit: string, about: (number: number) => boolean = () => true): Block["marks"] {
  return (alarm) => alarm.unit === unit && about(alarm.number);
}

function none(): boolean {
  return false;
}

/** A value in the little room below a block: a bad one is a cross, its last good value stands on its unit's page. */
function value(row: Row | undefined): string[] {
  if (row === undefined) return [];
  const sample = plant.sample(row);
  return [sample?.quality === "bad" && plant.link() !== "lost" ? "x" : reading(row, sample)];
}

function numbered(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, index) => `${name}${index + 1}`);
}

/** Blocks in flow order; a list within stands side by side, each taking its share of the water. */
type Flow = (Block | Block[])[];

/** The way of the water, and what washing and waste need. */
function blocks(): { water: Flow; waste: Flow } {
  const shape = plant.catalogue().shape;
  const clearWell = first("distribution.level", "distribution.level_a");
  const chemical = (unit: string): Block => ({
    key: unit,
    width: 62,
    link: unit,
    label: shortName(unit),
    marks: of(unit),
    piped: true,
    lines: value(
      unit === "disinfection" ? plant.row("disinfection.outlet_chlorine") : plant.row(`${unit}.tank_level`),
    ),
    drawn: <Chemical unit={unit} width={62} />,
  });
  const pumps = (
    key: string,
    unit: string,
    label: string,
    number: number,
    row: Row | undefined,
    marks: Block["marks"],
  ): Block => ({
    key,
    width: 60,
    link: unit,
    label,
    marks,
    piped: true,
    lines: value(row),
    drawn: <Pumps unit={unit} number={number} width={60} />,
  });
  const water: Flow = [
    {
      key: "river",
      width: 58,
      link: "intake",
      label: ui("river"),
      marks: none,
      piped: false,
      lines: value(plant.row("intake.turbidity")),
      drawn: (
        <path
          class="river"
          d={`M2 ${PIPE - 8}q9 -9 18 0t18 0t18 0M2 ${PIPE + 2}q9 -9 18 0t18 0t18 0M2 ${PIPE + 12}q9 -9 18 0t18 0t18 0`}
        />
      ),
    },
    pumps("raw", "intake", shortName("intake"), shape.raw_pumps, plant.row("intake.flow"), of("intake")),
    chemical("coagulation"),
    numbered(shape.tanks, "tank").map((unit): Block => ({
      key: unit,
      width: 58,
      link: unit,
      label: shortName(unit),
      marks: of(unit),
      piped: true,
      lines: [...value(plant.row(`${unit}.level`))],
      drawn: (
        <Vessel x={3} width={52} share={share(plant.row(`${unit}.level`))}>
          <path class="hopper" d={`M4 ${PIPE + 18}l25 11l25 -11`} />
        </Vessel>
      ),
    })),
    {
      key: "settled",
      width: 58,
      link: "sedimentation",
      label: shortName("sedimentation"),
      marks: of("sedimentation"),
      piped: true,
      lines: [
        ...value(plant.row("sedimentation.settled_level")),
        ...value(plant.row("sedimentation.settled_turbidity")),
      ],
      drawn: <Vessel x={3} width={52} share={share(plant.row("sedimentation.settled_level"))} />,
    },
    pumps(
      "feed",
      "filtration",
      text("short", "feed"),
      shape.feed_pumps,
      plant.row("filtration.flow"),
      of("filtration", (number) => !WASH_ALARMS.has(number)),
    ),
    numbered(shape.filters, "filter").map((unit): Block => ({
      key: unit,
      width: 58,
      link: unit,
      label: shortName(unit),
      marks: of(unit),
      piped: true,
      lines: [text("short", filterState(unit)), ...value(plant.row(`${unit}.turbidity`))],
      drawn: <FilterVessel unit={unit} width={58} />,
    })),
    chemical("disinfection"),
    {
      key: "clear_well",
      width: 92,
      link: "distribution",
      label: text("short", "clear_well"),
      marks: of("distribution", (number) => number < 500),
      piped: true,
      lines: value(clearWell),
      drawn: (
        <Vessel x={3} width={86} share={share(clearWell)}>
          <path class="baffle" d={`M32 ${PIPE - 29}v44M60 ${PIPE + 29}v-44`} />
        </Vessel>
      ),
    },
    pumps(
      "lift",
      "distribution",
      text("short", "lift"),
      shape.lift_pumps,
      plant.row("distribution.pressure"),
      of("distribution", (number) => number >= 500 && !TANK_ALARMS.has(number) && !NET_ALARMS.has(number)),
    ),
  ];
  if (shape.elevated_tank) {
    const row = plant.row("distribution.elevated_level");
    water.push({
      key: "elevated",
      width: 62,
      link: "distribution",
      label: text("short", "elevated"),
      marks: of("distribution", (number) => TANK_ALARMS.has(number)),
      piped: true,
      lines: value(row),
      drawn: <Vessel x={5} width={52} share={share(row)} />,
    });
  }
  water.push({
    key: "village",
    width: 58,
    link: "distribution",
    label: ui("village"),
    marks: of("distribution", (number) => NET_ALARMS.has(number)),
    piped: true,
    lines: value(first(...(shape.elevated_tank ? ["distribution.village_flow"] : []), "distribution.flow")),
    drawn: (
      <path
        class="house"
        d={`M6 ${PIPE + 4}L29 ${PIPE - 20}L52 ${PIPE + 4}M12 ${PIPE - 1}V${PIPE + 24}H46V${PIPE - 1}M24 ${PIPE + 24}V${PIPE + 8}H34V${PIPE + 24}`}
      />
    ),
  });
  const waste: Flow = [
    {
      key: "wash",
      width: 60,
      link: "filtration",
      label: text("short", "wash"),
      marks: of("filtration", (number) => WASH_ALARMS.has(number)),
      piped: false,
      lines: value(plant.row("filtration.wash_flow")),
      drawn: <Pump x={30} y={PIPE} radius={12} device="filtration.wash_pump" />,
    },
  ];
  if (shape.blower) {
    waste.push({
      key: "blower",
      width: 60,
      link: "filtration",
      label: text("short", "blower"),
      marks: none,
      piped: false,
      lines: value(plant.row("filtration.air_pressure")),
      drawn: <Pump x={30} y={PIPE} radius={12} device="filtration.blower" />,
    });
  }
  waste.push({
    key: "waste",
    width: 60,
    link: "waste",
    label: shortName("waste"),
    marks: of("waste"),
    piped: false,
    lines: value(plant.row("waste.level")),
    drawn: <Vessel x={3} width={54} share={share(plant.row("waste.level"))} />,
  });
  waste.push({
    key: "decant",
    width: 56,
    link: "waste",
    label: "P-601",
    marks: none,
    piped: true,
    lines: [],
    drawn: <Pump x={28} y={PIPE} radius={12} device="waste.pump" />,
  });
  return { water, waste };
}

interface Placed {
  block: Block;
  x: number;
  y: number;
}

/** Water enters parallel vessels from a header above them and leaves by one below. */
const HEADER_IN = PIPE - 35;
const HEADER_OUT = PIPE + 35;

/** Blocks from left to right, on to the next row where the width ends; with the pipes between them. */
function place(
  width: number,
  start: number,
  flow: Flow,
): { placed: Placed[]; pipes: string[]; bottom: number } {
  const placed: Placed[] = [];
  const pipes: string[] = [];
  let x = MARGIN;
  let y = start;
  let from: { x: number; y: number } | undefined;
  for (const step of flow) {
    const members = Array.isArray(step) ? step : [step];
    const head = members[0];
    if (head === undefined) continue;
    const parallel = members.length > 1;
    const inset = parallel ? 5 : 0;
    const each = Math.min(head.width, (width - 2 * MARGIN - 2 * inset) / members.length);
    const wide = each * members.length + 2 * inset;
    if (x + wide > width - MARGIN + 0.01 && x > MARGIN) {
      x = MARGIN;
      y += HEIGHT;
    }
    const left = x + (parallel ? 0 : 4);
    if (from !== undefined && head.piped) {
      pipes.push(
        from.y === y
          ? `M${from.x} ${y + PIPE}H${left}`
          : `M${from.x} ${from.y + PIPE}H${width - 2}V${y - 2}H2V${y + PIPE}H${left}`,
      );
    }
    members.forEach((block, index) =>
      placed.push({ block: { ...block, width: each }, x: x + inset + index * each, y }),
    );
    if (parallel) {
      const middles = members.map((_, index) => x + inset + (index + 0.5) * each);
      const [near, far] = [middles[0] ?? x, middles[middles.length - 1] ?? x];
      pipes.push(
        `M${x} ${y + PIPE}V${y + HEADER_IN}H${far}` +
          middles.map((at) => `M${at} ${y + HEADER_IN}V${y + PIPE}`).join(""),
      );
      pipes.push(
        `M${near} ${y + HEADER_OUT}H${x + wide}V${y + PIPE}` +
          middles.map((at) => `M${at} ${y + PIPE}V${y + HEADER_OUT}`).join(""),
      );
    }
    from = { x: x + wide - (parallel ? 0 : 4), y };
    x += wide + GAP;
  }
  return { placed, pipes, bottom: y + HEIGHT };
}

function Drawn({ placed: { block, x, y } }: { placed: Placed }): JSX.Element {
  const priority = worst(plant.alarms().filter((alarm) => alarm.active && block.marks(alarm)))?.priority;
  const label = [block.link === undefined ? block.label : unitName(block.link), ...block.lines].join(", ");
  return (
    <a
      href={block.link === undefined ? undefined : `#/unit/${block.link}`}
      aria-label={label}
      data-block={block.key}
      class={priority === undefined ? "block" : `block abnormal ${priority}`}
    >
      <g transform={`translate(${x} ${y})`}>
        <rect class="hit" x="0" y="0" width={block.width} height={HEIGHT - 4} rx="4" />
        <text class="block-label" x={block.width / 2} y="14">
          {block.label}
        </text>
        {block.drawn}
        {block.lines.map((line, index) => (
          <text key={index} class="block-value" x={block.width / 2} y={PIPE + 48 + index * 13}>
            {line}
          </text>
        ))}
        {priority !== undefined && (
          <g transform={`translate(${block.width - 20} 20)`}>
            <Shape priority={priority} size={18} />
          </g>
        )}
      </g>
    </a>
  );
}

/** The whole drawing, `width` units wide. */
export function Mimic({ width }: { width: number }): JSX.Element {
  const { water, waste } = blocks();
  const above = place(width, 0, water);
  const below = place(width, above.bottom + 20, waste);
  const all = [...above.placed, ...below.placed];
  return (
    <svg class="mimic" viewBox={`0 0 ${width} ${below.bottom}`} role="group" aria-label={ui("plant")}>
      {[...above.pipes, ...below.pipes].map((path) => (
        <path key={path} class="pipe" d={path} />
      ))}
      <text class="block-title" x={MARGIN} y={above.bottom + 12}>
        {ui("washing")}
      </text>
      {all.map((one) => (
        <Drawn key={one.block.key} placed={one} />
      ))}
    </svg>
  );
}
