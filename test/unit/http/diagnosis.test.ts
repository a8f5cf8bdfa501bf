import { describe, expect, it } from 'vitest'
import type { IdentityReport } from '../../../src/core/device-identity.ts'
import type { ReadingReport, ReadProblem, SourceDiagnostics } from '../../../src/core/diagnostics.ts'
import { PenstockError } from '../../../src/core/errors.ts'
import { type Asker, answerDiagnosis, type Diagnosis } from '../../../src/http/diagnosis.ts'

const line = { key: 'line' } as SourceDiagnostics
const trace = { source: 'line', frames: [], missed: 3 }
const reading: ReadingReport = { address: '', type: 'UInt16', value: 7, status: 'Good', ms: 1.5 }
const refusals: Readonly<Record<string, ReadProblem>> = {
  gone: { problem: 'unknown', error: 'no such device' },
  wrong: { problem: 'invalid', error: 'no such address' },
  busy: { problem: 'busy', error: 'another is being read' },
  off: { problem: 'unconnected', error: 'not connected' },
  mute: { problem: 'unanswered', error: 'no answer' },
  shy: { problem: 'refused', error: 'does not tell' },
}
const identity: IdentityReport = { device: '', by: 'function 43', nameplate: { model: 'EM340' }, facts: [], ms: 3 }
const engine: Diagnosis = {
  diagnostics: async (source) => [line].filter(({ key }) => source === undefined || key === source),
  frames: async (_source, after) => (after === 99 ? null : trace),
  readOnce: async (wanted) => refusals[wanted.address] ?? { ...reading, address: JSON.stringify(wanted) },
  identify: async ({ source, device = 'only' }) => refusals[device] ?? { ...identity, device: `${source}/${device}` },
}
const here: Asker = { address: '127.0.0.1' }
const ask = (path: string, query = '', of = engine, asker = here) =>
  answerDiagnosis(path, new URLSearchParams(query), asker, of)

describe('diagnostics over HTTP', () => {
  it('are of all sources, of one, or its frames', async () => {
    expect(await ask('/diagnostics')).toEqual({ status: 200, body: { sources: [line] } })
    expect(await ask('/diagnostics/line')).toEqual({ status: 200, body: line })
    expect(await ask('/diagnostics/line/frames', 'after=7')).toEqual({ status: 200, body: trace })
  })

  it('name a source that is not there, and one without frames', async () => {
    expect(await ask('/diagnostics/other')).toMatchObject({
      status: 404,
      body: { error: expect.stringMatching(/"other"/) },
    })
    expect(await ask('/diagnostics/line/frames', 'after=99')).toMatchObject({ status: 404 })
  })

  it('refuse a number of a frame that is none', async () => {
    for (const after of ['-1', 'x', '1.5'])
      expect(await ask('/diagnostics/line/frames', `after=${after}`)).toMatchObject({ status: 400 })
  })

  it('say while there is no engine that it does not answer', async () => {
    const gone = async () => {
      throw new PenstockError('ROOM_UNAVAILABLE', 'gone')
    }
    expect(
      await ask('/diagnostics', '', { diagnostics: gone, frames: gone, readOnce: gone, identify: gone }),
    ).toMatchObject({
      status: 503,
    })
  })

  it('read one address with the settings that the query has', async () => {
    const asked = { source: 'line', device: 'meter', address: 'holding:7', order: 'CDAB' }
    const answer = await ask('/diagnostics/line/read', 'device=meter&address=holding:7&order=CDAB')
    expect(answer).toEqual({ status: 200, body: { ...reading, address: JSON.stringify(asked) } })
  })

  it.each([
    ['gone', 404],
    ['wrong', 400],
    ['busy', 429],
    ['off', 503],
    ['mute', 504],
  ])('say in words why an address is not read: %s', async (address, status) => {
    const { error } = refusals[address] as ReadProblem
    expect(await ask('/diagnostics/line/read', `address=${address}`)).toEqual({ status, body: { error } })
  })

  it('refuse to read without an address, or with a setting there is not', async () => {
    expect(await ask('/diagnostics/line/read')).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/which address/) },
    })
    expect(await ask('/diagnostics/line/read', 'address=a&value=1')).toMatchObject({ status: 400 })
  })

  it('find a source whose key was written for an address line', async () => {
    expect(await ask('/diagnostics/%6cine')).toEqual({ status: 200, body: line })
    expect(await ask('/diagnostics/%')).toMatchObject({ status: 404 })
  })

  it('leave other paths to others', async () => {
    for (const path of ['/', '/findings', '/diagnostics/line/other', '/diagnostics/line/frames/more']) {
      expect(await ask(path)).toBeUndefined()
    }
  })

  it.each<[string, Asker]>([
    ['another machine', { address: '192.168.1.20' }],
    ['another machine, over IPv6', { address: '::ffff:192.168.1.20' }],
    ['nobody knows whom', { address: undefined }],
    ['a page of another site', { address: '127.0.0.1', fetchSite: 'cross-site' }],
    ['a page of a sibling site', { address: '::1', fetchSite: 'same-site' }],
  ])('read no device for %s', async (_who, asker) => {
    const asked: unknown[] = []
    const of: Diagnosis = {
      ...engine,
      readOnce: async (wanted) => {
        asked.push(wanted)
        return reading
      },
    }
    expect(await ask('/diagnostics/line/read', 'device=meter&address=holding:0', of, asker)).toMatchObject({
      status: 403,
    })
    expect(asked).toEqual([])
    expect(await ask('/diagnostics/line', '', of, asker)).toMatchObject({ status: 200 })
  })

  it.each<Asker>([
    { address: '::1' },
    { address: '::ffff:127.0.0.1' },
    { address: '127.0.0.1', fetchSite: 'none' },
    { address: '127.0.0.1', fetchSite: 'same-origin' },
  ])('read a device for whoever is on this machine: %o', async (asker) => {
    expect(await ask('/diagnostics/line/read', 'device=meter&address=holding:0', engine, asker)).toMatchObject({
      status: 200,
    })
  })

  it('ask a device what it is, and say why it does not tell', async () => {
    expect(await ask('/diagnostics/line/identify', 'device=meter')).toEqual({
      status: 200,
      body: { ...identity, device: 'line/meter' },
    })
    expect(await ask('/diagnostics/line/identify')).toMatchObject({ body: { device: 'line/only' } })
    expect(await ask('/diagnostics/line/identify', 'device=shy')).toEqual({
      status: 502,
      body: { error: 'does not tell' },
    })
    expect(await ask('/diagnostics/line/identify', 'device=gone')).toMatchObject({ status: 404 })
    expect(await ask('/diagnostics/line/identify', 'unit=3')).toMatchObject({ status: 400 })
    expect(await ask('/diagnostics/line/identify', '', engine, { address: '10.0.0.7' })).toMatchObject({ status: 403 })
  })
})
