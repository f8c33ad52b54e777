import type { ContainerSummary, EngineEvent, StatsFrame } from '../../engine/index.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import { coreLimit } from '../core-limit.ts';
import { type AlertFigure, type AlertRule, formatAlertRule } from './alert-rule.ts';

/** Something that is to be told. */
export interface Alert {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly state: 'firing' | 'resolved';
  /** As it can be written. */
  readonly rule: string;
  /** A container's name, or `machine`. */
  readonly subject: string;
  /** The share (0..1) that it is about, where it is about one. */
  readonly value?: number;
  /** In words. */
  readonly text: string;
}

/** What is known at one moment. */
export interface AlertInput {
  readonly frame: StatsFrame;
  readonly containers: readonly Pick<ContainerSummary, 'id' | 'name' | 'limits' | 'state'>[];
  /** What has happened to containers since the last time. */
  readonly events: readonly Pick<EngineEvent, 'action' | 'actor' | 'timeNano'>[];
}

export interface AlertWatchOptions {
  readonly rules: readonly AlertRule[];
  /** For so long after its start nothing is told of a container: what starts takes what it can get. */
  readonly quietMs: number;
}

/** An incident of one container is not told again for so long; a command explains an end so near to it. */
const repeatMs = 5 * 60_000;
const plannedMs = 60_000;

/** Where a rule stands for one subject, and since when. */
type Standing = { readonly is: 'pending' | 'firing' | 'clearing'; readonly since: number };

/**
 * Finds what is to be told: a figure is told when it has been beyond its threshold for as long as the rule says, and is
 * over when it has been back for as long; in between nothing flaps. A container that was just started, or was ended by
 * a command, is left alone. Give it one moment after the other.
 */
export class AlertWatch {
  readonly #options: AlertWatchOptions;
  readonly #standings = new Map<string, Standing>();
  readonly #told = new Map<string, number>();
  readonly #oomKills = new Map<string, number>();
  /** When a container was last ended by a command. */
  readonly #ended = new Map<string, number>();
  #deaths: readonly {
    readonly id: string;
    readonly name: string;
    readonly exitCode: string;
    readonly at: number;
  }[] = [];

  constructor(options: AlertWatchOptions) {
    this.#options = options;
  }

  add({ frame, containers, events }: AlertInput): Alert[] {
    const { time } = frame.host;
    const names = new Map(containers.map(({ id, name }) => [id, name]));
    const seen = new Set<string>();
    const alerts: Alert[] = [];
    for (const rule of this.#options.rules) {
      if ('incident' in rule) {
        alerts.push(
          ...(rule.incident === 'oom'
            ? this.#outOfMemory({ frame, events }, names)
            : this.#died(events, time)),
        );
        continue;
      }
      for (const { subject, value, isQuiet } of this.#samples(rule.figure, { frame, containers, events })) {
        const key = `${formatAlertRule(rule)} ${subject}`;
        seen.add(key);
        if (!isQuiet) alerts.push(...this.#judge(rule, { key, subject, value, time }));
        else if (this.#standings.get(key)?.is === 'pending') this.#standings.delete(key);
      }
      alerts.push(...this.#gone(rule, seen, time));
    }
    this.begin(frame);
    return alerts;
  }

  /** Takes a frame as what was before: nothing is told of it, and no figure is held against a rule. */
  begin({ containers }: StatsFrame): void {
    for (const { id, memory } of containers.values()) this.#oomKills.set(id, memory.oomKills);
  }

  #samples(
    figure: AlertFigure,
    { frame, containers }: AlertInput,
  ): { readonly subject: string; readonly value: number; readonly isQuiet: boolean }[] {
    const { host } = frame;
    if (figure.startsWith('machine.')) {
      const cpu = (host.cpuCores + host.stealCores) / host.cores;
      const memory = host.memoryUsedBytes / Math.max(1, host.memoryTotalBytes);
      const value =
        figure === 'machine.cpu' ? cpu : figure === 'machine.memory' ? memory : 1 - Math.max(cpu, memory);
      return [{ subject: 'machine', value, isQuiet: false }];
    }
    return containers.flatMap(({ id, name, limits, state }) => {
      const usage = frame.containers.get(id);
      if (usage === undefined) return [];
      const cores = coreLimit(limits) ?? host.cores;
      const bytes = usage.memory.limitBytes ?? host.memoryTotalBytes;
      const values = {
        cpu: usage.cpuCores / cores,
        memory: usage.memory.workingSetBytes / Math.max(1, bytes),
        throttled: usage.throttledShare,
      };
      const isQuiet = host.time - (state.startedAt ?? 0) < this.#options.quietMs;
      return [{ subject: name, value: values[figure as keyof typeof values], isQuiet }];
    });
  }

  #judge(
    rule: Extract<AlertRule, { figure: AlertFigure }>,
    { key, subject, value, time }: { key: string; subject: string; value: number; time: number },
  ): Alert[] {
    const isBeyond = rule.side === '>' ? value > rule.at : value < rule.at;
    const isBack = rule.side === '>' ? value <= rule.until : value >= rule.until;
    const before = this.#standings.get(key);
    const stand = (is: Standing['is'], since = time): Alert[] => {
      this.#standings.set(key, { is, since });
      return [];
    };
    const tell = (state: Alert['state'], text: string): Alert[] => [
      { time, state, rule: formatAlertRule(rule), subject, value, text },
    ];
    const [does, what] = figureWords[rule.figure];
    const words = `${subject} ${does} ${formatPercent(value * 100)} ${what}`;
    if (isBeyond) {
      if (before?.is === 'firing') return [];
      if (before?.is === 'clearing') return stand('firing');
      const since = before?.since ?? time;
      if (time - since < rule.forMs) return stand('pending', since);
      stand('firing');
      return tell('firing', `${words}${rule.forMs === 0 ? '' : `, for ${formatDuration(time - since)}`}`);
    }
    if (before === undefined) return [];
    if (before.is === 'pending') this.#standings.delete(key);
    else if (!isBack) return before.is === 'clearing' ? stand('firing') : [];
    else {
      const since = before.is === 'clearing' ? before.since : time;
      if (time - since < rule.forMs) return stand('clearing', since);
      this.#standings.delete(key);
      return tell('resolved', `${words} now`);
    }
    return [];
  }

  /** What is said of a container that does not run any more is over. */
  #gone(rule: AlertRule, seen: ReadonlySet<string>, time: number): Alert[] {
    const name = formatAlertRule(rule);
    return [...this.#standings].flatMap(([key, { is }]): Alert[] => {
      if (!key.startsWith(`${name} `) || seen.has(key)) return [];
      this.#standings.delete(key);
      const subject = key.slice(name.length + 1);
      const text = `${subject} does not run any more`;
      return is === 'pending' ? [] : [{ time, state: 'resolved', rule: name, subject, text }];
    });
  }

  /** By the kernel's count; a container that ended of it has taken that along, so that only its engine tells. */
  #outOfMemory(
    { frame: { host, containers }, events }: Pick<AlertInput, 'frame' | 'events'>,
    names: ReadonlyMap<string, string>,
  ): Alert[] {
    const counted = [...containers.values()].flatMap(({ id, memory }) => {
      const before = this.#oomKills.get(id);
      return before === undefined || memory.oomKills <= before ? [] : [names.get(id) ?? id.slice(0, 12)];
    });
    const told = events.flatMap(({ action, actor: { id, attributes } }) =>
      action === 'oom' ? [names.get(id) ?? attributes.name ?? id.slice(0, 12)] : [],
    );
    return [...new Set([...counted, ...told])].flatMap(subject =>
      this.#incident('oom', subject, host.time, `${subject} ran out of memory`),
    );
  }

  /** An end is told a moment later: that it was asked for may be said after it (`die`, then `stop`). */
  #died(events: AlertInput['events'], time: number): Alert[] {
    for (const { action, actor, timeNano } of events)
      if (['kill', 'stop', 'restart', 'destroy'].includes(action))
        this.#ended.set(actor.id, Number(timeNano.slice(0, -6)));
    const deaths = this.#deaths;
    this.#deaths = events.flatMap(({ action, actor, timeNano }) => {
      const { exitCode = '0', name = actor.id.slice(0, 12) } = actor.attributes;
      const at = Number(timeNano.slice(0, -6));
      return action === 'die' && exitCode !== '0' ? [{ id: actor.id, name, exitCode, at }] : [];
    });
    return deaths.flatMap(({ id, name, exitCode, at }): Alert[] => {
      const isPlanned = Math.abs(at - (this.#ended.get(id) ?? Number.NEGATIVE_INFINITY)) < plannedMs;
      return isPlanned ? [] : this.#incident('died', name, time, `${name} ended with exit code ${exitCode}`);
    });
  }

  #incident(rule: string, subject: string, time: number, text: string): Alert[] {
    const key = `${rule} ${subject}`;
    const last = this.#told.get(key);
    if (last !== undefined && time - last < repeatMs) return [];
    this.#told.set(key, time);
    return [{ time, state: 'firing', rule, subject, text }];
  }
}

/** What a subject does, and with what. */
const figureWords: Readonly<Record<AlertFigure, readonly [does: string, what: string]>> = {
  cpu: ['uses', 'of the cores that it may use'],
  memory: ['uses', 'of the memory that it may use'],
  throttled: ['waits for CPU in', 'of its time'],
  'machine.cpu': ['uses', 'of its cores'],
  'machine.memory': ['uses', 'of its memory'],
  'machine.wasted': ['wastes at least', 'of both cores and memory'],
};
