import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { driftKinds } from '../../../src/core/drift.ts'
import { deviceStates, sourceStates } from '../../../src/core/health.ts'
import { StatusCode } from '../../../src/core/status-code.ts'

const folder = fileURLToPath(new URL('../../../web/src/locales', import.meta.url))
type Texts = Readonly<Record<string, string>>
const read = (file: string): Texts => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Texts
const english = read('en.json')
const others = readdirSync(folder).filter((file) => file !== 'en.json')
const placesOf = (text = ''): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string).toSorted()

describe('the texts of the pages', () => {
  it.each(others)('are all there, with the same places for values: %s', (file) => {
    const texts = read(file)
    expect(Object.keys(texts).toSorted()).toEqual(Object.keys(english).toSorted())
    for (const [name, text] of Object.entries(english)) {
      expect([name, placesOf(texts[name])]).toEqual([name, placesOf(text)])
      expect(texts[name]).toMatch(/\S/)
    }
  })

  it.each(others)('are in their own language: %s', (file) => {
    const texts = read(file)
    const same = Object.entries(texts).filter(([name, text]) => text === english[name] && /\s\w+\s/.test(text))
    expect(same).toEqual([])
  })

  it('have words for every state, status and kind that the gateway says', () => {
    const wanted = [
      ...sourceStates.map((state) => `state.${state}`),
      ...deviceStates.map((state) => `state.${state}`),
      ...driftKinds.map((kind) => `drift.${kind}`),
    ]
    for (const name of wanted) expect(english).toHaveProperty([name])
    const values = Object.keys(StatusCode).filter((name) => /^(?:Uncertain|BadNoComm|BadWait|BadSensor)/.test(name))
    for (const name of values) expect(english).toHaveProperty([`status.${name}`])
  })
})
