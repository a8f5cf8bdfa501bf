import type { ClientSession, OPCUAClient } from 'node-opcua'

/** A request of any service; node-opcua fills its header in. */
export interface ServiceRequest {
  readonly requestHeader: { timeoutHint: number }
}

interface ServiceResponse {
  readonly responseHeader: { readonly serviceResult: { readonly name: string } }
}

interface Transactions {
  performMessageTransaction(
    request: ServiceRequest,
    callback: (error: (Error & { response?: ServiceResponse }) | null, response?: ServiceResponse) => void,
  ): void
}

/**
 * Sends the request as it is, past what the client would make right or refuse by itself, and resolves to the response.
 * Where the service failed as a whole, the answer has nothing but its `serviceResult`.
 */
export function ask<Response>(
  via: ClientSession | OPCUAClient,
  request: ServiceRequest,
): Promise<Response & { serviceResult: string }> {
  return new Promise((resolve, reject) => {
    const settle = (response: ServiceResponse) =>
      resolve(Object.assign(response, { serviceResult: response.responseHeader.serviceResult.name }) as never)
    ;(via as unknown as Transactions).performMessageTransaction(request, (error, response) => {
      const answer = response ?? error?.response
      if (answer) settle(answer)
      else reject(error ?? new Error('neither answered nor failed'))
    })
  })
}

/** The names of StatusCodes, as assertions read best. */
export const namesOf = (results: readonly { readonly name: string }[] | null | undefined): string[] =>
  (results ?? []).map(({ name }) => name)
