import { StatusCode, StatusCodes } from 'node-opcua'
import { statusName } from '../core/status-code.ts'

/** A code as it is, with every bit; node-opcua would turn one that it does not know into plain Bad. */
class ExactStatusCode extends StatusCode {
  readonly #value: number

  constructor(value: number) {
    super()
    this.#value = value
  }

  override get value(): number {
    return this.#value
  }

  override get name(): string {
    return statusName(this.#value)
  }

  override get description(): string {
    return ''
  }
}

/** node-opcua's objects for numeric StatusCodes, each made once; any 32-bit number survives exactly. */
export class StatusCodeCache {
  readonly #codes = new Map<number, StatusCode>(Object.values(StatusCodes).map((status) => [status.value, status]))

  of(code: number): StatusCode {
    let status = this.#codes.get(code)
    if (!status) {
      status = new ExactStatusCode(code)
      this.#codes.set(code, status)
    }
    return status
  }
}
