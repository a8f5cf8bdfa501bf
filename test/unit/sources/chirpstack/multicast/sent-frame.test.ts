import { expect, it } from 'vitest'
import { sentFrameOf } from '../../../../../src/sources/chirpstack/multicast/sent-frame.ts'

const GATEWAY = '0016c001f1500001'
const entry = (m_type: string, payload: unknown) => JSON.stringify({ phy_payload: { mhdr: { m_type }, payload } })
const fhdr = { devaddr: '01A2b3c4', f_cnt: 7, f_ctrl: {}, f_opts: [] }

it('a downlink that a gateway sent is known by the address it went to, its counter and its port', () => {
  const body = entry('UnconfirmedDataDown', { fhdr, f_port: 10, frm_payload: 'ff' })
  expect(sentFrameOf(GATEWAY, body, 5)).toEqual({
    gatewayId: GATEWAY,
    devAddr: '01a2b3c4',
    fCnt: 7,
    fPort: 10,
    time: 5,
  })
})

it.each([
  ['uplinks', entry('UnconfirmedDataUp', { fhdr, f_port: 10 })],
  [
    'downlinks that want an acknowledgement, which none to a group does',
    entry('ConfirmedDataDown', { fhdr, f_port: 1 }),
  ],
  ['join accepts', entry('JoinAccept', 'c0ffee')],
  ['MAC commands without a port', entry('UnconfirmedDataDown', { fhdr, f_port: null })],
  ['addresses that are none', entry('UnconfirmedDataDown', { fhdr: { ...fhdr, devaddr: 1 }, f_port: 1 })],
  ['other JSON', '[1]'],
  ['what is no JSON', '{'],
])('%s are none', (_what, body) => {
  expect(sentFrameOf(GATEWAY, body, undefined)).toBeUndefined()
})
