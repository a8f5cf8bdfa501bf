import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadText } from '../../src/cli/configuration.ts'
import { checkPostgres } from '../../src/cli/doctor/postgres-checks.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { TagValue } from '../../src/core/data-type.ts'
import type { HistoryEdit } from '../../src/core/history-edit.ts'
import { silentLogger } from '../../src/core/logger.ts'
import { formatProblem } from '../../src/core/problem.ts'
import type { PostgresConfig } from '../../src/core/sink.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { HistoryEdits } from '../../src/engine/history-edits.ts'
import { AuditLog } from '../../src/store/audit.ts'
import { HistoryEditor } from '../../src/store/history-editor.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'
import { type Identity, makeAuthority, makeIdentity } from '../support/certificates.ts'
import { writePlant } from '../support/gateway.ts'
import { PostgresCluster } from '../support/postgres-cluster.ts'
import { startGatewayOf } from '../support/running-gateway.ts'
import { SinkProcess } from '../support/sink-process.ts'
import { historyRows, postgresRows, SinkRig, type SinkRigOptions } from '../support/sink-rig.ts'
import { PASSWORD_ENV, SINK_USER, sinkSettings } from '../support/sink-settings.ts'
import { aTag } from '../support/small-plant.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

/** Of one tag. */
type HistoryEditOf = DistributiveOmit<HistoryEdit, 'series'>
type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never

const { Good, BadDecodingError, UncertainLastUsableValue } = StatusCode
const SOON = { timeout: 20_000, interval: 20 }

let authority: Identity
let cluster: PostgresCluster
let folder: string
const rigs: SinkRig[] = []
beforeAll(async () => {
  authority = makeAuthority('Test authority')
  cluster = await PostgresCluster.begin(makeIdentity(authority, ['db.example']))
})
afterAll(() => cluster.end())
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  await cluster.query('DROP DATABASE IF EXISTS plant WITH (FORCE)')
  await cluster.makeDatabase('plant', SINK_USER)
})
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close()
  rmSync(folder, { recursive: true })
})

const numbers = [aTag('a'), aTag('b')]
function aRig(options: Partial<Omit<SinkRigOptions, 'settings'>> & { settings?: Partial<PostgresConfig> } = {}) {
  const settings = sinkSettings(cluster.port, options.settings)
  const rig = new SinkRig({ folder, tags: numbers, ...options, settings })
  rigs.push(rig)
  return rig
}
async function close(rig: SinkRig) {
  rigs.splice(rigs.indexOf(rig), 1)
  await rig.close()
}
const arrived = (rig: SinkRig) => expect.poll(() => rig.sink.health, SOON).toMatchObject({ waiting: 0, reason: '' })
const inState = (rig: SinkRig, state: string) => expect.poll(() => rig.sink.health.state, SOON).toBe(state)
async function expectEqual(rig: SinkRig) {
  const expected = historyRows(rig.database)
  expect(expected.length).toBeGreaterThan(0)
  const found = await postgresRows(cluster)
  const [inHistory, inPostgres] = [new Set(expected), new Set(found)]
  expect(found.filter((row) => !inHistory.has(row)).slice(0, 5)).toEqual([])
  expect(expected.filter((row) => !inPostgres.has(row)).slice(0, 5)).toEqual([])
  expect(found).toHaveLength(expected.length)
}
const inPlant = <Row extends Record<string, unknown>>(text: string) => cluster.query<Row>(text, [], 'plant')
/** Samples of distinct times. */
const series = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => [from + at, from + at] as const)

describe('PostgreSQL has exactly what the history has', () => {
  it('of every type, whatever the text, with late, repeated and corrected samples', async () => {
    const hostile = `'; DROP TABLE samples; -- \\N \t\n\r \\. "quoted" Grüße 😀`
    const of: [Parameters<typeof aTag>[1], TagValue[]][] = [
      [{ type: 'Boolean' }, [true, false]],
      [{ type: 'Byte' }, [255]],
      [{ type: 'UInt32' }, [4_294_967_295]],
      [{ type: 'Int64' }, [-9_223_372_036_854_775_808n, 0n]],
      [{ type: 'UInt64' }, [18_446_744_073_709_551_615n]],
      [{ type: 'Float' }, [1.5]],
      [{ type: 'Double' }, [0.1 + 0.2, -0, 5e-324, 1.7976931348623157e308]],
      [{ type: 'String' }, ['', '\\N', '\\.', hostile, 'with \u0000 in it']],
      [{ type: 'ByteString' }, [new Uint8Array([0, 92, 255]), new Uint8Array()]],
      [{ type: 'DateTime' }, [Date.UTC(2026, 1, 3), Date.UTC(1601, 0, 1)]],
      [{ type: 'Double', arrayLength: 2 }, [[-0, 1.5]]],
      [{ type: 'String', arrayLength: 2 }, [[hostile, '\u0000']]],
      [{ type: 'UInt64', arrayLength: 1 }, [[18_446_744_073_709_551_615n]]],
    ]
    const rig = aRig({ tags: of.map(([settings], at) => aTag(`t${at}`, settings)) })
    for (const [at, [, values]] of of.entries()) {
      await rig.record(at, [
        ...values.map((value, each) => [1_000 + each, value] as const),
        [900, undefined, BadDecodingError],
        [-62_135_596_800_000, values[0], UncertainLastUsableValue],
        [Date.UTC(9_999, 11, 31), values[0]],
      ])
    }
    // Within one commit, and in a later one: said again, and corrected.
    await rig.record(6, [...[7, 7, 8, 7].map((value) => [5_000, value] as const), [5_001, 1]])
    await rig.record(6, [
      [5_000, 9, Good],
      [5_001, 1],
    ])
    await arrived(rig)
    await expectEqual(rig)
    expect(rig.sink.health).toMatchObject({ failures: 0, unfit: 0, lost: 0 })
  })

  it('of a tag that gets another type, whose new samples stand beside the old ones', async () => {
    const before = aRig()
    await before.record(0, [[1_000, 1.5]])
    await arrived(before)
    await close(before)
    const rig = aRig({ tags: [aTag('a', { type: 'String' })] })
    await rig.record(0, [[1_000, 'one']])
    await arrived(rig)
    await expectEqual(rig)
    expect(await inPlant('SELECT type FROM penstock.tags ORDER BY id')).toEqual([
      { type: 'Double' },
      { type: 'String' },
    ])
  })

  it('and says of a tag where it is from, also after that was changed', async () => {
    const name = `Level "1"; '\u0000' \\`
    const rig = aRig({ tags: [aTag('a', { name, unit: 'm³' })] })
    await rig.record(0, [[1_000, 1]])
    await arrived(rig)
    expect(await inPlant('SELECT gateway, source, device, tag, name, unit, node_id FROM penstock.tags')).toEqual([
      {
        gateway: 'Plant 1',
        source: 'line',
        device: 'meter',
        tag: 'meter/a',
        name: name.replace('\u0000', '\uFFFD'),
        unit: 'm³',
        node_id: 'nsu=urn:penstock:plant;s=meter/a',
      },
    ])
    await close(rig)
    const renamed = aRig({ tags: [aTag('a', { unit: 'l' })] })
    await renamed.record(0, [[2_000, 2]])
    await arrived(renamed)
    expect(await inPlant('SELECT name, unit FROM penstock.tags')).toEqual([{ name: 'a', unit: 'l' }])
    expect(await inPlant('SELECT value, quality FROM penstock.readings ORDER BY source_time')).toEqual([
      { value: 1, quality: 'Good' },
      { value: 2, quality: 'Good' },
    ])
  })

  it('of two gateways side by side, one with a thread for it as in an engine', async () => {
    const rig = aRig({ threaded: true })
    const otherFolder = mkdtempSync(join(tmpdir(), 'penstock-'))
    const other = aRig({ folder: otherFolder, gateway: 'Plant 2' })
    await rig.record(0, [[1_000, 1]])
    await other.record(0, [[1_000, 2]])
    await Promise.all([arrived(rig), arrived(other)])
    await expectEqual(rig)
    expect(await postgresRows(cluster, 'Plant 2')).toEqual(historyRows(other.database))
    await close(other)
    rmSync(otherFolder, { recursive: true })
  })

  it('after PostgreSQL was killed again and again while it took samples', async () => {
    const rig = aRig({ settings: { batchSize: 500 } })
    let time = 0
    const record = async () => {
      await rig.record(0, [...series(time, 300), [time, -1]])
      time += 300
    }
    for (let kill = 0; kill < 3; kill++) {
      const { sent } = rig.sink.health
      await expect.poll(async () => await record().then(() => rig.sink.health.sent), SOON).toBeGreaterThan(sent + 1_000)
      await record()
      await cluster.kill()
      await record()
      await cluster.start()
    }
    await arrived(rig)
    await expectEqual(rig)
    expect(rig.sink.health.failures).toBeGreaterThan(0)
  })

  it('after the gateway was killed again and again while it sent samples', async () => {
    const settings = sinkSettings(cluster.port, { batchSize: 300 })
    for (let seed = 1; seed <= 2; seed++) {
      const gateway = new SinkProcess({ folder, settings, seed })
      await expect.poll(() => gateway.sent, SOON).toBeGreaterThan(1_000)
      await gateway.kill()
    }
    const rig = aRig({ tags: [aTag('a'), aTag('b'), aTag('c', { type: 'String' })] })
    await arrived(rig)
    await expectEqual(rig)
  })

  it('after users changed the history', async () => {
    const rig = aRig()
    await rig.record(0, series(1_000, 10))
    const penstock = openPenstockDatabase(folder)
    const edits = new HistoryEdits({
      history: rig.writer,
      editor: new HistoryEditor({ database: rig.database, clock: systemClock }),
      audit: new AuditLog(penstock),
      outbox: rig.sink.outbox,
      windows: { edited: () => undefined },
      clock: systemClock,
      log: silentLogger,
    })
    const by = { user: 'olga', origin: 'opcua' } as const
    const apply = (edit: HistoryEditOf) =>
      edits.apply({ by, edit: { series: { tag: 'meter/a', shape: { type: 'Double' } }, ...edit } })
    const aSample = (sourceTime: number) => ({ value: -5, status: Good, sourceTime, serverTime: 9_000 })
    await apply({ kind: 'write', mode: 'replace', samples: [aSample(1_001), aSample(7_777)] })
    await apply({ kind: 'write', mode: 'insert', samples: [aSample(1_002), aSample(500)] })
    await apply({ kind: 'deleteRange', first: 1_003, last: 1_005 })
    await apply({ kind: 'deleteTimes', times: [1_008, 8_888] })
    await rig.record(0, [[1_004, 7]])
    await arrived(rig)
    await expectEqual(rig)
    expect(historyRows(rig.database)).toHaveLength(10 + 1 - 3 - 1 + 1)
    penstock.close()
  })
})

describe('while PostgreSQL is away', () => {
  it('samples wait, and afterwards new ones arrive before what waited, which follows at its rate', async () => {
    const before = aRig()
    await before.record(0, series(0, 500))
    await before.record(0, [[100, 'superseded'.length]])
    await before.record(1, series(0, 500))
    await cluster.kill()
    await close(before)
    await cluster.start()
    const rig = aRig({ settings: { batchSize: 400, replayRate: 500 } })
    await inState(rig, 'replaying')
    const newest = [
      [5_000, 1],
      [100, 42],
    ] as const
    await rig.record(0, newest)
    const live = () => inPlant('SELECT value FROM penstock.readings WHERE source_time >= to_timestamp(5)')
    await expect.poll(live, SOON).toEqual([{ value: 1 }])
    expect(rig.sink.health.waiting).toBeGreaterThan(0)
    // What stands for the moment that both speak of is what was said last.
    await arrived(rig)
    await inState(rig, 'connected')
    await expectEqual(rig)
  })

  it('a server that answers nothing holds nobody up, and has everything when it answers again', async () => {
    const proxy = await TcpProxy.start(cluster.port)
    const rig = aRig({ settings: { port: proxy.port, timeoutMs: 500 } })
    await rig.record(0, series(0, 10))
    await arrived(rig)
    proxy.weather = { blackHole: true }
    await rig.record(0, series(100, 10))
    await inState(rig, 'backoff')
    expect(rig.sink.health).toMatchObject({ waiting: 10, reason: expect.stringContaining(`127.0.0.1:${proxy.port}`) })
    await rig.record(0, series(200, 10))
    expect(rig.writer.health).toMatchObject({ ok: true, written: 30 })
    proxy.weather = {}
    await arrived(rig)
    await expectEqual(rig)
    await proxy.close()
  })

  it('the oldest samples are given up when no more may wait, counted and said', async () => {
    await cluster.kill()
    const rig = aRig({ settings: { maxSize: 20_000 } })
    const noise = (time: number) => Math.sin(time) * 1e6
    for (let from = 0; from < 20; from++) {
      await rig.record(
        0,
        series(from * 200, 200).map(([time]) => [time, noise(time)] as const),
      )
    }
    const { waiting, lost, waitingBytes, reason } = rig.sink.health
    expect(waiting + lost).toBe(4_000)
    expect(lost).toBeGreaterThan(0)
    expect(waitingBytes).toBeLessThanOrEqual(20_000)
    expect(reason).toContain('sinks.postgres.maxSize')
    await cluster.start()
    await expect.poll(() => rig.sink.health.waiting, SOON).toBe(0)
    const rows = await postgresRows(cluster)
    expect(rows).toEqual(historyRows(rig.database).filter((row) => rows.includes(row)))
    expect(rows).toHaveLength(4_000 - lost)
    expect(rows.some((row) => row.startsWith('meter/a Double 3999 '))).toBe(true)
  })
})

describe('a PostgreSQL that refuses', () => {
  it('the password is named with what to mend, never with the password, and takes all once that is right', async () => {
    const rig = aRig({ password: 'guessed wrong' })
    await rig.record(0, series(0, 10))
    await inState(rig, 'refused')
    const { reason, waiting } = rig.sink.health
    expect(waiting).toBe(10)
    expect(reason).toContain('PENSTOCK_POSTGRES_PASSWORD')
    expect(reason).not.toContain('guessed wrong')
    await close(rig)
    const mended = aRig()
    await arrived(mended)
    await expectEqual(mended)
  })

  it('since its database or a right is missing says which', async () => {
    const rig = aRig({ settings: { database: 'elsewhere' } })
    await inState(rig, 'refused')
    expect(rig.sink.health.reason).toContain('sinks.postgres.database')
    await close(rig)
    await cluster.query('REVOKE CREATE ON DATABASE plant FROM penstock')
    const unentitled = aRig()
    await inState(unentitled, 'refused')
    expect(unentitled.sink.health.reason).toContain('CREATE SCHEMA "penstock" AUTHORIZATION "penstock"')
  })

  it('since a table was dropped is told of, and nothing is begun anew in its place', async () => {
    const rig = aRig()
    await rig.record(0, series(0, 10))
    await arrived(rig)
    await inPlant('ALTER TABLE penstock.samples RENAME TO moved')
    await rig.record(0, series(100, 10))
    await inState(rig, 'refused')
    expect(rig.sink.health.waiting).toBe(10)
    await close(rig)
    const again = aRig()
    await inState(again, 'refused')
    expect(again.sink.health.reason).toContain('no samples')
    await close(again)
    await inPlant('ALTER TABLE penstock.moved RENAME TO samples')
    const mended = aRig()
    await arrived(mended)
    await expectEqual(mended)
  })

  it('since its tables are of a newer Penstock is left as it is', async () => {
    const rig = aRig()
    await rig.record(0, series(0, 1))
    await arrived(rig)
    await close(rig)
    await inPlant('INSERT INTO penstock.schema_version VALUES (99)')
    const older = aRig()
    await inState(older, 'refused')
    expect(older.sink.health.reason).toContain('SCHEMA_TOO_NEW')
  })
})

describe('a connection with TLS', () => {
  const file = (name: string, content: string) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }

  it('is made only with the server that the authority proves, under its name', async () => {
    const caFile = file('ca.pem', authority.cert)
    const rig = aRig({ settings: { tls: { caFile, serverName: 'db.example' } } })
    await rig.record(0, series(0, 1))
    await arrived(rig)
    expect(
      await inPlant("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'penstock'"),
    ).toEqual([{ ssl: true }])
    await close(rig)
    const others = file('others.pem', makeAuthority('Another authority').cert)
    for (const tls of [{ caFile }, { caFile: others, serverName: 'db.example' }]) {
      const refused = aRig({ settings: { tls } })
      await inState(refused, 'refused')
      expect(refused.sink.health.reason).toContain('sinks.postgres.tls')
      await close(refused)
    }
  })
})

describe('samples that are older than sinks.postgres.retention', () => {
  const DAY = 86_400_000

  it('are deleted, of this gateway and no other, and what is newer stays', async () => {
    const otherFolder = mkdtempSync(join(tmpdir(), 'penstock-'))
    const other = aRig({ folder: otherFolder, gateway: 'Plant 2' })
    const recent = Date.now() - DAY
    const recorded = [...series(1_000, 25_000), ...series(recent, 3)]
    await other.record(0, series(1_000, 2))
    const rig = aRig()
    await rig.record(0, recorded)
    await rig.record(1, series(1_000, 2))
    await Promise.all([arrived(rig), arrived(other)])
    await close(rig)

    const keeping = aRig({ settings: { retentionMs: 2 * DAY } })
    await expect.poll(() => postgresRows(cluster), SOON).toHaveLength(3)
    await keeping.record(0, series(recent + 100, 1))
    await arrived(keeping)
    expect(await postgresRows(cluster)).toHaveLength(4)
    expect(await postgresRows(cluster, 'Plant 2')).toHaveLength(2)
    expect(keeping.sink.health.failures).toBe(0)
    await close(other)
    rmSync(otherFolder, { recursive: true })
  })
})

describe('a whole gateway', () => {
  it('sends what it records, says so, and is ready without PostgreSQL', async () => {
    const tag = { key: 'x', type: 'Double', expression: '1 + 2', history: 'every', unit: 'bar' }
    const calculated = { key: 'sums', kind: 'calculated', devices: [{ key: 'sum', tags: [tag] }] }
    const plant = await writePlant([calculated], {
      [PASSWORD_ENV]: SINK_USER.password,
      PENSTOCK_POSTGRES_HOST: '127.0.0.1',
      PENSTOCK_POSTGRES_PORT: `${cluster.port}`,
      PENSTOCK_POSTGRES_DATABASE: 'plant',
    })
    const gateway = await startGatewayOf(plant, { opcua: new URL('../support/idle-room.ts', import.meta.url) })
    try {
      const readings = () => inPlant('SELECT gateway, source, tag, unit, value FROM penstock.readings').catch(() => [])
      await expect
        .poll(readings, SOON)
        .toEqual([{ gateway: 'Test plant', source: 'sums', tag: 'sum/x', unit: 'bar', value: 3 }])
      await cluster.kill()
      const postgres = async () => (await gateway.health()).checks.find(({ name }) => name === 'postgres')
      await expect.poll(postgres, SOON).toMatchObject({ state: 'warning' })
      expect((await gateway.health()).ready).toBe(true)
      await cluster.start()
      await expect.poll(postgres, SOON).toMatchObject({ state: 'ok' })
    } finally {
      await gateway.stop()
      plant.remove()
    }
  })
})

describe('penstock doctor', () => {
  const examine = async (password: string) => {
    const text = `{ sinks: { postgres: { host: 127.0.0.1, port: ${cluster.port}, database: plant } }, sources: [] }`
    const loaded = loadText(text, 'plant.yaml', {}, false)
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join())
    return checkPostgres(loaded.config, { [PASSWORD_ENV]: password })
  }

  it('says whether PostgreSQL could be used, and changes nothing there', async () => {
    expect(await examine(SINK_USER.password)).toMatchObject([{ check: 'postgres', state: 'ok' }])
    expect(await inPlant("SELECT 1 FROM pg_namespace WHERE nspname = 'penstock'")).toEqual([])
    await cluster.query('REVOKE CREATE ON DATABASE plant FROM penstock')
    expect(await examine(SINK_USER.password)).toMatchObject([
      { state: 'problem', mend: expect.stringContaining('CREATE SCHEMA "penstock" AUTHORIZATION "penstock"') },
    ])
    expect(await examine('wrong')).toMatchObject([
      { state: 'problem', mend: expect.stringContaining('PENSTOCK_POSTGRES_PASSWORD') },
    ])
  })
})

describe('TimescaleDB', () => {
  it('is asked for a hypertable where it is installed', async () => {
    // Debian has no TimescaleDB: its entry in the catalogue, and a function of its name that keeps what it is asked.
    await inPlant(`
      SET allow_system_table_mods = on;
      INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (99999, 'timescaledb', 10, 'public'::regnamespace, false, '2');
      CREATE TABLE public.asked (relation text, dimension text);
      GRANT INSERT ON public.asked TO penstock;
      CREATE FUNCTION public.create_hypertable(relation regclass, dimension name, chunk_time_interval interval,
        if_not_exists boolean) RETURNS void LANGUAGE sql AS 'INSERT INTO public.asked VALUES (relation::text, dimension)'`)
    const rig = aRig()
    await rig.record(0, series(0, 1))
    await arrived(rig)
    expect(await inPlant('SELECT * FROM public.asked')).toEqual([{ relation: 'samples', dimension: 'source_time' }])
    await close(rig)
    // Chunks inherit from their hypertable.
    await inPlant(`
      CREATE TABLE public.chunk () INHERITS (penstock.samples);
      CREATE FUNCTION public.drop_chunks(relation regclass, older_than timestamptz) RETURNS SETOF text LANGUAGE sql
        AS 'INSERT INTO public.asked VALUES (relation::text, (now() - older_than)::text); SELECT relation::text'`)
    const keeping = aRig({ settings: { retentionMs: 7 * 86_400_000 } })
    await expect.poll(() => inPlant('SELECT dimension FROM public.asked'), SOON).toContainEqual({ dimension: '7 days' })
    expect(await postgresRows(cluster)).toHaveLength(1)
    await close(keeping)
    await inPlant('DELETE FROM pg_extension WHERE oid = 99999').catch(() => undefined)
  })
})
