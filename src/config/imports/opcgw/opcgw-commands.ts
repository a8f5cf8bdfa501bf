import type { Notes, Settings } from '../imported.ts'
import type { KeyBook } from '../key-book.ts'
import { flagIn, numberIn, textIn } from './values.ts'

interface Within {
  readonly path: string
  /** Of the device: commands and tags share them. */
  readonly keys: KeyBook
  readonly notes: Notes
}

/**
 * Commands of a device. One without a class writes one byte, 0 to 255; one of the class `valve` has the codec of the device
 * profile encode `{ "command": "open" }` for 1 and `{ "command": "close" }` for 0, which are two commands here.
 */
export function commandsOf(commands: readonly unknown[], { path, keys, notes }: Within): Settings[] {
  return commands.flatMap((command): Settings[] => {
    const name = textIn(command, 'command_name') ?? `Command ${numberIn(command, 'command_id') ?? '?'}`
    const at = { path: `${path}.${name}` }
    const fPort = numberIn(command, 'command_port')
    if (fPort === undefined || !Number.isInteger(fPort) || fPort < 1 || fPort > 223) {
      notes.add('leftOut', at, `Its command_port is no FPort from 1 to 223: ${fPort ?? 'there is none'}.`)
      return []
    }
    const confirmed = flagIn(command, 'command_confirmed') === true
    const downlink = { fPort, ...(confirmed ? { confirmed } : {}) }
    const kind = textIn(command, 'command_class')
    const named = (suffix: string) => {
      const key = keys.take(`${name}${suffix}`, 'command')
      const shown = `${name}${suffix}`
      return { key, ...(shown === key ? {} : { name: shown.slice(0, 200) }) }
    }
    if (kind === undefined) {
      const parameters = [{ key: 'value', type: 'Byte' }]
      return [{ ...named(''), parameters, downlink: { ...downlink, payload: [{ value: '$value', bits: 8 }] } }]
    }
    if (kind !== 'valve') {
      notes.add('leftOut', at, `Its command_class, "${kind.slice(0, 60)}", is not known: valve is, and none.`)
      return []
    }
    notes.add('changed', at, 'It is two commands here, open and close, in place of writing 1 or 0.')
    return ['open', 'close'].map((word) => ({
      ...named(` ${word}`),
      downlink: { ...downlink, object: { command: word } },
    }))
  })
}
