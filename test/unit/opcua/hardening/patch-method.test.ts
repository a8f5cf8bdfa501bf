import { describe, expect, it } from 'vitest'
import { patchMethod } from '../../../../src/opcua/hardening/patch-method.ts'

class Door {
  open(): string {
    return 'open'
  }
}

describe('a fix of a method', () => {
  it('wraps it once, however often it is installed, beside other fixes of the same method', () => {
    const wrapIn = (name: string) => {
      patchMethod(
        Door.prototype,
        'open',
        name,
        (original) =>
          function (this: Door) {
            return `${name}(${original.call(this)})`
          },
      )
    }

    for (const name of ['a', 'b', 'a', 'b']) wrapIn(name)

    expect(new Door().open()).toBe('b(a(open))')
  })

  it('fails loudly when the method is gone, and names it', () => {
    const install = () => patchMethod(Door.prototype, 'close', 'quiet doors', (original) => original)

    expect(install).toThrow(expect.objectContaining({ code: 'HARDENING_IMPOSSIBLE' }))
    expect(install).toThrow(/"quiet doors".*Door\.close/)
  })
})
