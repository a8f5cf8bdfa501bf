import { status } from '@grpc/grpc-js'
import type { Calls } from './call.ts'
import type { Descriptors } from './descriptors.ts'

/** grpc.reflection.v1.ServerReflectionRequest. */
interface ReflectionRequest {
  readonly host: string
  readonly messageRequest?: string
  readonly fileByFilename?: string
  readonly fileContainingSymbol?: string
}

/** grpc.reflection.v1.ServerReflection: what services there are, for tools. There are no extensions. */
export function reflectionService(calls: Calls, descriptors: Descriptors, services: readonly string[]) {
  const file = (found: readonly Buffer[] | undefined, name: string) =>
    found
      ? { fileDescriptorResponse: { fileDescriptorProto: found } }
      : failure(status.NOT_FOUND, `There is no "${name.slice(0, 200)}" here.`)
  const answer = (request: ReflectionRequest) => {
    const { fileByFilename, fileContainingSymbol } = request
    if (fileByFilename !== undefined) return file(descriptors.file(fileByFilename), fileByFilename)
    if (fileContainingSymbol !== undefined) return file(descriptors.fileOf(fileContainingSymbol), fileContainingSymbol)
    if (request.messageRequest === 'listServices') {
      return { listServicesResponse: { service: services.map((name) => ({ name })) } }
    }
    if (request.messageRequest === undefined) return failure(status.INVALID_ARGUMENT, 'Nothing is asked for.')
    return failure(status.NOT_FOUND, 'There are no extensions here.')
  }
  return {
    ServerReflectionInfo: calls.conversing((request: ReflectionRequest) => ({
      validHost: request.host,
      originalRequest: request,
      ...answer(request),
    })),
  }
}

const failure = (errorCode: status, errorMessage: string) => ({ errorResponse: { errorCode, errorMessage } })
