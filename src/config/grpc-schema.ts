import { flag, section, text, wholeNumber } from './fields.ts'
import { listenAddress } from './listen.ts'

const file = (description: string, example: string) =>
  text({ description, example, longest: 1_000, allowed: 'the path of a file in PEM form' })

const tls = section('How the gRPC server proves itself, and that connections are encrypted.', {
  certificateFile: file('Its certificate, with its chain.', '/etc/penstock/grpc.pem'),
  keyFile: file('Key of the certificate; not readable for everybody.', '/etc/penstock/grpc.key'),
})

export const grpcSchema = section('The gRPC server, for programs.', {
  port: wholeNumber({
    description: 'TCP port to listen at. 0: the operating system chooses.',
    low: 0,
    high: 65_535,
    example: '50051',
    otherwise: 'gRPC is not served',
  }).optional(),
  bind: listenAddress('IP address to listen at.', '127.0.0.1').default('127.0.0.1'),
  tls: tls.optional(),
  allowUnencrypted: flag({
    description:
      'Other machines are served without `tls` too: passwords and values can be read on the way. Otherwise an address ' +
      'that they reach is refused.',
  }).default(false),
})
