import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader'

/** The files in `proto` as protoc compiles them: proto-loader keeps neither their imports nor the names of fields. */
const COMPILED = fileURLToPath(new URL('../../proto/penstock.binpb', import.meta.url))

interface Named {
  readonly name: string
}

interface MessageType extends Named {
  readonly nestedType: readonly MessageType[]
  readonly enumType: readonly Named[]
}

interface File extends Named {
  readonly package: string
  readonly dependency: readonly string[]
  readonly messageType: readonly MessageType[]
  readonly enumType: readonly Named[]
  readonly service: readonly Named[]
}

/** What the files in `proto` declare, for whoever asks by name. */
export class Descriptors {
  readonly #files: ReadonlyMap<string, { readonly file: File; readonly bytes: Buffer }>
  /** By full name of a message, enumeration or service, the name of its file. */
  readonly #symbols: ReadonlyMap<string, string>

  constructor() {
    const { 'google.protobuf.FileDescriptorSet': setType, 'google.protobuf.FileDescriptorProto': fileType } = loadSync(
      'google/protobuf/descriptor.proto',
      { arrays: true, enums: String, longs: String },
    )
    const { file: files } = (setType as MessageTypeDefinition<object, { readonly file: readonly File[] }>).deserialize(
      readFileSync(COMPILED),
    )
    const { serialize } = fileType as MessageTypeDefinition<File, object>
    this.#files = new Map(files.map((file) => [file.name, { file, bytes: serialize(file) }]))
    this.#symbols = new Map(files.flatMap((file) => symbolsOf(file).map((symbol) => [symbol, file.name] as const)))
  }

  /** The file with all that it imports, itself first; undefined: there is none of this name. */
  file(name: string): readonly Buffer[] | undefined {
    return this.#files.has(name) ? [...this.#withImports(name, new Map()).values()] : undefined
  }

  /** The file that declares this, by its full name, with all that it imports. */
  fileOf(symbol: string): readonly Buffer[] | undefined {
    // A field, a value of an enumeration or a method belongs to what it stands in.
    for (let name = symbol; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
      const file = this.#symbols.get(name)
      if (file !== undefined) return this.file(file)
    }
    return undefined
  }

  #withImports(name: string, found: Map<string, Buffer>): Map<string, Buffer> {
    const entry = this.#files.get(name)
    if (!entry || found.has(name)) return found
    found.set(name, entry.bytes)
    for (const imported of entry.file.dependency) this.#withImports(imported, found)
    return found
  }
}

function symbolsOf({ package: scope, messageType, enumType, service }: File): string[] {
  return [...messageType.flatMap((type) => namesIn(scope, type)), ...[...enumType, ...service].map(fullName(scope))]
}

const fullName =
  (scope: string) =>
  ({ name }: Named): string =>
    `${scope}.${name}`

function namesIn(scope: string, { name, nestedType, enumType }: MessageType): string[] {
  const own = `${scope}.${name}`
  return [own, ...nestedType.flatMap((type) => namesIn(own, type)), ...enumType.map(fullName(own))]
}
