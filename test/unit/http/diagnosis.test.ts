import { describe, expect, it } from 'vitest'
import type { SourceDiagnostics } from '../../../src/core/diagnostics.ts'
import { PenstockError } from '../../../src/core/errors.ts'
import { answerDiagnosis, type Diagnosis } from '../../../src/http/diagnosis.ts'

const line = { key: 'line' } as SourceDiagnostics
const trace = { source: 'line', frames: [], missed: 3 }
const engine: Diagnosis = {
  diagnostics: async (source) => [line].filter(({ key }) => source === undefined || key === source),
  frames: async (_source, after) => (after === 99 ? null : trace),
}
const ask = (path: string, query = '', of = engine) => answerDiagnosis(path, new URLSearchParams(query), of)

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
    expect(await ask('/diagnostics', '', { diagnostics: gone, frames: gone })).toMatchObject({ status: 503 })
  })

  it('leave other paths to others', async () => {
    for (const path of ['/', '/findings', '/diagnostics/line/other', '/diagnostics/line/frames/more']) {
      expect(await ask(path)).toBeUndefined()
    }
  })
})
