import { createRequire } from 'node:module'

type Done<T> = (error: number | null, result: T) => void

interface NativeClient {
  readonly RemotePort: number
  readonly S7AreaDB: number
  readonly S7WLByte: number
  readonly S7WLBit: number
  SetParam(parameter: number, value: number): boolean
  ConnectTo(address: string, rack: number, slot: number, done: Done<undefined>): void
  Disconnect(): boolean
  PDULength(): number
  DBRead(db: number, start: number, size: number, done: Done<Buffer>): void
  DBWrite(db: number, start: number, size: number, content: Buffer, done: Done<undefined>): void
  WriteArea(
    area: number,
    db: number,
    start: number,
    amount: number,
    wordLength: number,
    content: Buffer,
    done: Done<undefined>,
  ): void
  ReadMultiVars(items: readonly object[], done: Done<readonly { Result: number; Data: Buffer }[]>): void
  ErrorText(error: number): string
}

/** An S7 client that we did not write: Snap7's. Errors carry its words. */
export class Snap7Client {
  readonly #native: NativeClient

  constructor() {
    const { S7Client } = createRequire(import.meta.url)('node-snap7') as { S7Client: new () => NativeClient }
    this.#native = new S7Client()
  }

  connect(port: number, slot = 2): Promise<void> {
    this.#native.SetParam(this.#native.RemotePort, port)
    return this.#call((done: Done<undefined>) => this.#native.ConnectTo('127.0.0.1', 0, slot, done))
  }

  disconnect(): void {
    this.#native.Disconnect()
  }

  get pdu(): number {
    return this.#native.PDULength()
  }

  read(db: number, start: number, size: number): Promise<Buffer> {
    return this.#call((done: Done<Buffer>) => this.#native.DBRead(db, start, size, done))
  }

  write(db: number, start: number, content: Buffer): Promise<void> {
    return this.#call((done: Done<undefined>) => this.#native.DBWrite(db, start, content.length, content, done))
  }

  writeBit(db: number, byte: number, bit: number, value: boolean): Promise<void> {
    const { S7AreaDB, S7WLBit } = this.#native
    const content = Buffer.of(value ? 1 : 0)
    return this.#call((done: Done<undefined>) =>
      this.#native.WriteArea(S7AreaDB, db, byte * 8 + bit, 1, S7WLBit, content, done),
    )
  }

  /** Several items in one request; a refused one is its error's words. */
  async readMany(
    items: readonly { readonly db: number; readonly start: number; readonly size: number }[],
  ): Promise<(Buffer | string)[]> {
    const { S7AreaDB, S7WLByte } = this.#native
    const asked = items.map(({ db, start, size }) => ({
      Area: S7AreaDB,
      WordLen: S7WLByte,
      DBNumber: db,
      Start: start,
      Amount: size,
    }))
    const answers = await this.#call((done: Done<readonly { Result: number; Data: Buffer }[]>) =>
      this.#native.ReadMultiVars(asked, done),
    )
    return answers.map(({ Result, Data }) => (Result === 0 ? Data : this.#native.ErrorText(Result)))
  }

  #call<T>(begin: (done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) =>
      begin((error, result) => (error ? reject(new Error(this.#native.ErrorText(error))) : resolve(result))),
    )
  }
}
