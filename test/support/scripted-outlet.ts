import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { CommandOutlet, Delivery, SentCommand } from '../../src/core/command-outlet.ts'
import { fieldEndpointOf, type ModbusSourceConfig, type S7SourceConfig } from '../../src/core/plant.ts'
import type { SourceContext, SourceType } from '../../src/sources/source.ts'
import type { PlantQuestion } from './scripted-plant.ts'

/** A source that knows no values, and asks a `ScriptedPlant` what becomes of commands. */
export function scriptedSource(follows: boolean): SourceType {
  return {
    kind: follows ? 's7' : 'modbus',
    validate: () => [],
    create: async (config, _devices, context) => ({
      start: () => undefined,
      stop: async () => undefined,
      outlet: new ScriptedOutlet(fieldEndpointOf(config as ModbusSourceConfig | S7SourceConfig), context, follows),
    }),
  }
}

class ScriptedOutlet implements CommandOutlet {
  readonly #port: number
  readonly follow?: (commands: readonly SentCommand[]) => void

  constructor(endpoint: string, context: SourceContext, follows: boolean) {
    this.#port = Number(endpoint.split(':')[1])
    if (!follows) return
    this.follow = (commands) => {
      for (const { id, device } of commands) {
        void this.#ask({ what: 'follow', id, device }).then((delivery) => context.commands.news(id, delivery))
      }
    }
  }

  check(): undefined {
    return undefined
  }

  async send({ id, device }: SentCommand): Promise<Delivery> {
    const may = await this.#ask({ what: 'may', id, device })
    return may.state === 'queued' ? may : this.#ask({ what: 'do', id, device })
  }

  /** Where nobody answers, nothing has gone out while it only asked for leave, and else nobody knows. */
  #ask(question: PlantQuestion): Promise<Delivery> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1', () => socket.write(`${JSON.stringify(question)}\n`))
      const broken = (error: Error) =>
        resolve({ state: question.what === 'may' ? 'queued' : 'uncertain', reason: error.message })
      socket.on('error', broken)
      const lines = createInterface(socket).on('error', broken)
      lines.on('line', (line) => {
        resolve(JSON.parse(line) as Delivery)
        socket.end()
      })
    })
  }
}
