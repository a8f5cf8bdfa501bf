import { describe, expect, it } from 'vitest'
import { configOf, linesOf } from './loading.ts'

const sourceOf = (settings: string) => configOf(`sources: [{ key: plc, kind: s7, host: plc, ${settings} }]`).sources[0]

const problems = (settings: string) => linesOf(`sources: [{ key: plc, kind: s7, host: plc, ${settings} }]`)

describe('the family of a CPU', () => {
  it.each([
    ['s7-300', { rack: 0, slot: 2 }],
    ['s7-400', { rack: 0, slot: 3 }],
    ['s7-1200', { rack: 0, slot: 1 }],
    ['s7-1500', { rack: 0, slot: 1 }],
    ['logo', { rack: 0, slot: 2 }],
    ['s7-200-smart', { localTsap: 0x1000, remoteTsap: 0x0300 }],
  ])('%s says where it answers', (cpu, place) => {
    expect(sourceOf(`cpu: ${cpu}`)).toMatchObject(place)
  })

  it('gives way to what is set', () => {
    expect(sourceOf('cpu: s7-400, slot: 2, rack: 1')).toMatchObject({ rack: 1, slot: 2 })
    expect(sourceOf('cpu: s7-200-smart, remoteTsap: "02.00"')).toMatchObject({ localTsap: 0x1000, remoteTsap: 0x0200 })
  })
})

describe('a TSAP', () => {
  it.each([
    ['03.02', 0x0302],
    ['4d.57', 0x4d57],
    ['0x0302', 0x0302],
    ['0X200', 0x0200],
  ])('may be written as %s', (text, remoteTsap) => {
    expect(sourceOf(`remoteTsap: "${text}"`)).toMatchObject({ remoteTsap })
  })

  it.each(['"3.2"', '"0302"', '"0x10000"', '"GG.00"', '03.02', '0x0302'])('is refused as %s', (text) => {
    expect(problems(`remoteTsap: ${text}`)).toEqual([expect.stringMatching(/remoteTsap.*in quotes/s)])
  })

  it.each([
    ['remoteTsap: "03.02", slot: 2', 'slot'],
    ['remoteTsap: "03.02", connection: op', 'connection'],
    ['cpu: s7-200-smart, rack: 0', 'rack'],
  ])('takes the place of rack, slot and connection: %s is refused for its %s', (settings, name) => {
    expect(problems(settings)).toEqual([expect.stringMatching(new RegExp(`${name}.*means nothing here`, 's'))])
  })
})

describe('what is asked of a CPU', () => {
  it.each(['Europe/Berlin', 'UTC', 'America/Argentina/Buenos_Aires'])('has a clock in %s', (timeZone) => {
    expect(sourceOf(`timeZone: ${timeZone}`)).toMatchObject({ timeZone })
  })

  it.each([
    ['timeZone: Berlin', 'time zone'],
    ['pdu: 200', '240 to 960'],
    ['maxItems: 21', '1 to 20'],
    ['connection: hmi', 'pg, op, basic'],
    ['cpu: s7-2000', 's7-300'],
  ])('is refused in words: %s', (settings, words) => {
    expect(problems(settings).join()).toContain(words)
  })
})
