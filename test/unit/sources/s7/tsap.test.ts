import { describe, expect, it } from 'vitest'
import { tsapsOf } from '../../../../src/sources/s7/tsap.ts'

describe('the TSAPs of a connection', () => {
  it.each([
    [{ rack: 0, slot: 2 }, 0x0100, 0x0102, 'rack 0, slot 2'],
    [{ rack: 0, slot: 1, connection: 'op' }, 0x0100, 0x0201, 'rack 0, slot 1'],
    [{ rack: 1, slot: 3, connection: 'basic' }, 0x0100, 0x0323, 'rack 1, slot 3'],
    [{ rack: 7, slot: 31, localTsap: 0x0200 }, 0x0200, 0x01ff, 'rack 7, slot 31'],
    [
      { rack: 0, slot: 1, localTsap: 0x1000, remoteTsap: 0x0300 },
      0x1000,
      0x0300,
      'local TSAP 10.00, remote TSAP 03.00',
    ],
    [{ rack: 0, slot: 1, remoteTsap: 0x4d57 }, 0x0100, 0x4d57, 'local TSAP 01.00, remote TSAP 4D.57'],
  ] as const)('%j are as Siemens writes them', (endpoint, local, remote, words) => {
    expect(tsapsOf(endpoint)).toEqual({ local, remote, words })
  })
})
