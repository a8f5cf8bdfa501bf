import { flag, section, text } from './fields.ts'
import { listenAddress, listenPort } from './listen.ts'

const file = (description: string, example: string) =>
  text({ description, example, longest: 1_000, allowed: 'the path of a file in PEM form' }).optional()

const tls = section(
  'Own TLS of pages and API. Without files the gateway makes a certificate in its data folder, for the names of ' +
    '`opcua.hostname` and `alternateHostnames`; browsers believe it who are given it.',
  {
    enabled: flag({ description: 'The port speaks TLS (1.2 or 1.3) and nothing else.' }).default(true),
    certificateFile: file(
      'Certificate of the web, with its chain. A new one is taken while the gateway runs.',
      '/etc/penstock/web.pem',
    ),
    keyFile: file('Key of the certificate; not readable for everybody.', '/etc/penstock/web.key'),
  },
)

export const httpSchema = section('The HTTP server: the pages, the API, and how the gateway is.', {
  port: listenPort('TCP port to listen at.', 8_080),
  bind: listenAddress('IP address to listen at.', '127.0.0.1').default('127.0.0.1'),
  tls: tls.optional(),
  behindProxy: flag({
    description:
      'A proxy that ends TLS stands before the gateway, and nobody else reaches it: what it says of a request ' +
      '(X-Forwarded-Proto) is believed.',
  }).default(false),
  allowUnencrypted: flag({
    description:
      'Pages and API answer other machines without encryption too: passwords and values can be read on the way. ' +
      'Otherwise only this machine is answered, and whoever comes through a proxy with TLS.',
  }).default(false),
})
