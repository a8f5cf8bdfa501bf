import { afterEach, expect, it, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { checkOfEdits, loadText } from '../../src/cli/configuration.ts'
import { ParsedTexts } from '../../src/config/parsed-texts.ts'
import { EditedGateway } from '../support/edited-gateway.ts'
import { RandomEdits } from '../support/random-edits.ts'
import { randomFrom } from '../support/seeded-random.ts'

/**
 * A configuration that is edited at random, by drafts, whole files and with other secrets, while its engine comes and
 * goes. For longer: `EDITS=2000`; the same edits again: `EDIT_SEED`.
 */
const { EDIT_SEED, EDITS } = process.env
const seed = Number(EDIT_SEED ?? Math.floor(Math.random() * 2 ** 31))
const edits = Number(EDITS ?? 4)
/** A gateway that starts anew costs a second of a core. */
const COMPARED_EVERY = 4
/** Checks cost little, and most of what is drawn is refused. */
const CHECKS_AN_EDIT = 10
const again = `(EDIT_SEED=${seed})`

const plant = `
gateway: { data: data }
opcua: { users: [{ name: olga, role: Observer }] }
templates:
  - key: climate
    staleAfter: 30m
    tags:
      - { key: temperature, type: Double, address: object.temperature, unit: °C, range: { low: -30, high: 70 } }
      - { key: humidity, type: Double, address: object.humidity }
    commands: [{ key: reboot, downlink: { fPort: 10, payload: [{ hex: "FF10" }] } }]
  - key: counter
    tags: [{ key: count, type: Int32, address: object.count }]
sources:
  - key: lora
    kind: chirpstack
    url: http://chirpstack:8080
    tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242
    apiKeyEnv: LORA_KEY
    rules: [{ template: climate, name: 24e124136d12aaa1 }, { template: counter }]
    rejected: ["24e124136d1234ff"]
    devices:
      - { key: hall, devEui: "24e124136d123456", template: climate }
      - { key: yard, devEui: "24e124136d123457", tags: [{ key: rain, type: Double, address: object.rain }] }
      - { key: gate, gatewayId: "24e124136d123458", tags: [] }
  - key: line
    kind: modbus
    host: 10.0.0.5
    pollGroups: { slow: 1m, fast: 500ms }
    devices:
      - key: pump
        unitId: 1
        poll: fast
        folder: Hall 1
        history: change
        aggregates: [{ window: 1h, functions: [max] }]
        tags:
          - { key: flow, type: UInt16, address: "holding:1", access: readWrite, range: { low: 0, high: 100 } }
          - { key: head, type: Double, encoding: int16, address: "holding:2", poll: slow, transform: { scale: 0.1 } }
          - { key: run, type: Boolean, address: "coil:1", access: readWrite, states: ["Off", "On"] }
        commands: [{ key: stop, writes: [{ tag: flow, value: 0 }], onlyWhen: [{ tag: pump/run, equals: true }] }]
      - key: fan
        unitId: 2
        staleAfter: 1m
        pollGroups: { own: 5s }
        forbidden: ["holding:100-105"]
        tags: [{ key: speed, type: UInt16, address: "holding:3", poll: own }]
  - key: plc
    kind: s7
    host: 10.0.0.6
    cpu: s7-1500
    devices: [{ key: press, tags: [{ key: force, type: Float, address: "DB1,REAL4" }] }]
  - key: sums
    kind: calculated
    devices: [{ key: all, tags: [{ key: both, type: Double, expression: "[pump/flow] + [pump/head]" }] }]
`
const env = { LORA_KEY: 'key', PENSTOCK_OLGA_PASSWORD: 'a password' }
const gateways: EditedGateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.end()
})

async function begin(text: string, secrets = env): Promise<EditedGateway> {
  const gateway = await EditedGateway.begin(text, secrets)
  gateways.push(gateway)
  return gateway
}

it(`${edits * CHECKS_AN_EDIT} edits are judged as if nothing was remembered, with the same words at the same lines ${again}`, () => {
  const random = new RandomEdits(randomFrom(seed), parse(plant))
  const texts = new ParsedTexts()
  const check = checkOfEdits('plant.yaml', env)
  let right = 0
  let holds = plant
  for (let n = 0; n < edits * CHECKS_AN_EDIT; n++) {
    const drawn = random.of(parse(holds))
    const made = texts.edited(holds, drawn)
    if ('problems' in made) continue
    const read = texts.read(made.text)
    const [checked, anew] = [check(made.text, read.ok ? read : undefined), loadText(made.text, 'plant.yaml', env)]
    const { origins: _, ...judged } = { origins: undefined, ...checked }
    const { origins: __, ...expected } = { origins: undefined, ...anew }
    expect(judged, JSON.stringify(drawn)).toStrictEqual(expected)
    if (!checked.ok || random.number(3) === 0) continue
    holds = made.text
    right++
  }
  expect(right).toBeGreaterThan(0)
})

it(`after ${edits} edits clients see and sources poll what they would after a start ${again}`, async () => {
  const random = new RandomEdits(randomFrom(seed), parse(plant))
  const secrets = { ...env }
  const live = await begin(plant, secrets)
  const { configuration } = live
  const text = () => configuration.current().text
  const drawn = () => {
    for (;;) {
      const draft = { edits: random.of(parse(text())) }
      const checked = configuration.check(draft)
      if (checked.ok && checked.changes.length > 0 && checked.restart.length === 0) return { draft, text: checked.text }
    }
  }
  const applied = async () => {
    const { draft, text } = drawn()
    const isFile = random.number(6) === 0
    const by = { user: 'olga', origin: 'http' } as const
    const comment = JSON.stringify(draft)
    if (isFile) await configuration.takeFile(stringify(parse(text)), 'plant.yaml')
    else expect(await configuration.apply({ draft, by, comment })).toMatchObject({ ok: true })
  }
  for (let n = 1; n <= edits; n++) {
    const way = random.number(6)
    if (way === 0) {
      await live.endEngine()
      for (let lost = random.number(3); lost > 0; lost--) await applied()
      await live.renewEngine()
    }
    if (way === 1) {
      secrets.LORA_KEY = `key ${n}`
      await configuration.reload(undefined, 'plant.yaml')
    }
    await applied()
    if (n % COMPARED_EVERY !== 0) continue
    const fresh = await begin(text(), secrets)
    const looking = { timeout: 20_000, interval: 100 }
    await vi.waitFor(() => expect(live.shown).toEqual(fresh.shown), looking)
    await vi.waitFor(() => expect(live.polled).toEqual(fresh.polled), looking)
    gateways.pop()
    await fresh.end()
  }
}, 3_600_000)
