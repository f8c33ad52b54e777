import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAlertRule, parseAlertRule } from '../../../src/capacity/alerts/alert-rule.ts';
import { type AlertInput, AlertWatch } from '../../../src/capacity/alerts/alert-watch.ts';

const start = 1_000_000;

interface Moment {
  /** Of a limit of 100 bytes. */
  readonly memory?: number;
  readonly oomKills?: number;
  readonly startedAt?: number;
  readonly machineCores?: number;
  readonly events?: readonly (readonly [action: string, exitCode?: string])[];
}

function moment(
  second: number,
  { memory, oomKills = 0, startedAt = 0, machineCores = 1, events = [] }: Moment,
) {
  const time = start + second * 1000;
  const host = {
    time,
    cores: 10,
    cpuCores: machineCores,
    stealCores: 0,
    memoryTotalBytes: 1,
    memoryUsedBytes: 0,
  };
  const usage = {
    ...{ id: 'w', cpuCores: 0, throttledShare: 0 },
    memory: { workingSetBytes: memory, limitBytes: 100, oomKills },
  };
  return {
    frame: { host, containers: new Map(memory === undefined ? [] : [['w', usage]]) },
    containers: memory === undefined ? [] : [{ id: 'w', name: 'web', limits: {}, state: { startedAt } }],
    events: events.map(([action, exitCode]) => ({
      ...{ seq: 1, type: 'container', action, timeNano: `${time}000000` },
      actor: { id: 'w', attributes: { name: 'web', ...(exitCode === undefined ? {} : { exitCode }) } },
    })),
  } as unknown as AlertInput;
}

/** What is told, as `second state`. */
function told(
  rules: readonly string[],
  moments: readonly (readonly [second: number, Moment])[],
  quietMs = 0,
) {
  const watch = new AlertWatch({ rules: rules.map(parseAlertRule), quietMs });
  return moments.flatMap(([second, one]) =>
    watch.add(moment(second, one)).map(({ state, subject }) => `${second} ${subject} ${state}`),
  );
}

const near = 'memory > 90% until 80% for 10s';

test('a figure is told after it was beyond its threshold for as long as the rule says', () => {
  const high = { memory: 95 };
  assert.deepEqual(
    told(
      [near],
      [
        [0, high],
        [5, high],
        [10, high],
        [15, high],
      ],
    ),
    ['10 web firing'],
  );
  assert.deepEqual(
    told(
      [near],
      [
        [0, high],
        [5, { memory: 85 }],
        [9, high],
        [15, high],
      ],
    ),
    [],
    'not in one go',
  );
});

test('nothing flaps: it is over when the figure has been back for as long, beyond the other threshold', () => {
  const [high, between, low] = [{ memory: 95 }, { memory: 85 }, { memory: 50 }];
  const rows = [
    [0, high],
    [10, high],
    [20, between],
    [40, low],
    [45, high],
    [50, low],
    [60, low],
  ] as const;
  assert.deepEqual(told([near], rows), ['10 web firing', '60 web resolved']);
});

test('a container that goes away is not told of any more', () => {
  assert.deepEqual(
    told(
      [near],
      [
        [0, { memory: 95 }],
        [10, { memory: 95 }],
        [20, {}],
        [30, {}],
      ],
    ),
    ['10 web firing', '20 web resolved'],
  );
});

test('a container that was just started is left alone', () => {
  const high = { memory: 95, startedAt: start };
  assert.deepEqual(
    told(
      [near],
      [
        [0, high],
        [20, high],
        [31, high],
        [41, high],
      ],
      30_000,
    ),
    ['41 web firing'],
  );
});

test('what is asked below a threshold is told below it', () => {
  const rows = [
    [0, { machineCores: 9 }],
    [1, { machineCores: 0 }],
    [2, { machineCores: 5 }],
  ] as const;
  assert.deepEqual(told(['machine.cpu < 10% until 40%'], rows), ['1 machine firing', '2 machine resolved']);
});

test('running out of memory and an end that nobody asked for are told at once, but not again and again', () => {
  const oom = [
    [0, { memory: 1 }],
    [1, { memory: 1, oomKills: 1 }],
    [2, { memory: 1, oomKills: 2 }],
  ] as const;
  assert.deepEqual(told(['oom'], oom), ['1 web firing']);
  const died: Moment = { events: [['die', '1']] };
  const rows = [
    [0, died],
    [1, {}],
    [5, died],
    [6, {}],
    [400, died],
    [401, {}],
  ] as const;
  assert.deepEqual(told(['died'], rows), ['1 web firing', '401 web firing']);
});

test('one that ended of a lack of memory took the count of that along: what its engine tells is told', () => {
  const rows = [
    [0, { memory: 50 }],
    [5, { events: [['oom'], ['die', '137']] }],
    [6, {}],
  ] as const;
  assert.deepEqual(told(['oom', 'died'], rows), ['5 web firing', '6 web firing']);
});

test('a planned end is quiet, and so is one without an error', () => {
  const rest = [1, {}] as const;
  assert.deepEqual(told(['died'], [[0, { events: [['kill'], ['die', '143']] }], rest]), []);
  assert.deepEqual(
    told(
      ['died'],
      [
        [0, { events: [['die', '143']] }],
        [1, { events: [['stop']] }],
      ],
    ),
    [],
  );
  assert.deepEqual(told(['died'], [[0, { events: [['die', '0']] }], rest]), []);
});

test('parseAlertRule() reads what formatAlertRule() writes, and refuses the rest with what can be written', () => {
  for (const text of [near, 'machine.wasted > 60%', 'cpu < 5% until 10% for 1h', 'oom', 'died'])
    assert.equal(formatAlertRule(parseAlertRule(text)), text);
  for (const text of [
    '',
    'disk > 1%',
    'memory',
    'memory > 200%',
    'memory > 80% until 90%',
    'memory > 80% for x',
  ])
    assert.throws(() => parseAlertRule(text), { code: 'BAD_ALERT_RULE' }, text);
});
