import NodeS7 from 'nodes7'
import { describe, expect, it } from 'vitest'
import { proveNodes7 } from '../../../../src/sources/s7/nodes7-self-test.ts'

/** nodes7 with one thing changed. */
const changed = (change: (made: NodeS7) => void) =>
  class extends NodeS7 {
    constructor(options: { readonly silent: boolean }) {
      super(options)
      change(this)
    }
  }

describe('the proof that nodes7 does what it is used for', () => {
  it('accepts the version that is installed', () => {
    expect(() => proveNodes7()).not.toThrow()
  })

  it.each<[string, (made: NodeS7) => void]>([
    [
      'asks for other bytes',
      (made) => {
        const add = made.addItemsNow.bind(made)
        made.addItemsNow = (addresses) => add(addresses.map((address) => address.replace('BYTE4', 'BYTE5')))
      },
    ],
    [
      'gives other bytes than the reply holds',
      (made) => {
        const take = made.onResponse.bind(made)
        made.onResponse = (frame) => {
          const bent = Buffer.from(frame)
          bent[26] = (bent[26] ?? 0) ^ 1
          take(bent)
        }
      },
    ],
    [
      'does not answer',
      (made) => {
        made.onResponse = () => undefined
      },
    ],
    [
      'sends nothing',
      (made) => {
        made.readAllItems = () => undefined
      },
    ],
    [
      'writes to another place',
      (made) => {
        const write = made.writeItems.bind(made)
        made.writeItems = (address, value, done) => write(address.replace('X4.7', 'X4.6'), value, done)
      },
    ],
    [
      'writes something else',
      (made) => {
        const write = made.writeItems.bind(made)
        made.writeItems = (address, value, done) => write(address, value === true ? 1 : value, done)
      },
    ],
    [
      'takes a refused write for done',
      (made) => {
        const write = made.writeItems.bind(made)
        made.writeItems = (address, value, done) => write(address, value, () => done(false))
      },
    ],
    [
      'has lost one of the functions we call',
      (made) => {
        made.clearReadPacketTimeouts = undefined as never
      },
    ],
  ])('refuses one that %s, and says how to mend it', (_how, change) => {
    expect(() => proveNodes7(changed(change))).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_VIOLATION', message: expect.stringContaining('npm ci') }),
    )
  })
})
