import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { part, request } from './request.ts'
import type { AccessAnswer, MadeTokenAnswer } from './types.ts'

const KEY = ['access'] as const

/** Where I am logged in, my tokens, and where my password is. */
export const useAccess = () =>
  useQuery({ queryKey: KEY, queryFn: ({ signal }) => request<AccessAnswer>('/access', { signal }) })

/** The tokens of every user, for who may administer security; asked for while `isWanted`. */
export const useAllTokens = (isWanted: boolean) =>
  useQuery({
    queryKey: [...KEY, 'tokens'],
    queryFn: ({ signal }) => request<Pick<AccessAnswer, 'tokens'>>('/tokens', { query: { all: 'true' }, signal }),
    enabled: isWanted,
  })

/** Asks for a change of my access, after which it is looked at anew. */
function useChange<Wanted, Answer>(ask: (wanted: Wanted) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation({ mutationFn: ask, onSettled: () => client.invalidateQueries({ queryKey: KEY }) })
}

export interface TokenWanted {
  readonly name: string
  readonly rights: AccessAnswer['rights']
  readonly days: number
}

export const useMakeToken = () =>
  useChange((body: TokenWanted) => request<MadeTokenAnswer>('/tokens', { method: 'POST', body }))

export const useRevokeToken = () =>
  useChange((id: string) => request<void>(`/tokens/${part(id)}`, { method: 'DELETE' }))

/** One session by its id; undefined: all but this one. */
export const useEndSession = () =>
  useChange((id: string | undefined) =>
    request<void>(`/access/sessions${id === undefined ? '' : `/${part(id)}`}`, { method: 'DELETE' }),
  )

export const useChangePassword = () =>
  useChange((body: { readonly current: string; readonly password: string }) =>
    request<void>('/access/password', { method: 'PUT', body }),
  )
