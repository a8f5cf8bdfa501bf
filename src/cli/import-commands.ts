import { type Command, Option } from 'commander'
import { importFormats } from '../config/imports/imported.ts'
import { output } from './client-commands.ts'
import type { LocalFlags } from './config/local-gateway.ts'
import { endWith } from './end.ts'
import { GATEWAY_URL, withFolder } from './folder-option.ts'
import type { ImportPlantFlags } from './import-plant.ts'

/** Plants of other products, into a gateway that runs or into a file. */
export function importCommands(program: Command): void {
  withFolder(
    program
      .command('import-plant')
      .description('sources, devices and tags of KEPServerEX or opcgw: see what they become, and take them over')
      .argument('<file>', 'project, channel or device as JSON; tags of a device as CSV; config.toml')
      .addOption(new Option('--from <format>', 'what the file is').choices([...importFormats]).makeOptionMandatory())
      .option('--device <key>', 'kepware-csv: the device that gets the tags')
      .option('--no-zero-based', 'kepware-csv: "Zero-Based Addressing" of the device is off there')
      .option('--no-zero-based-bits', 'kepware-csv: "Zero-Based Bit Addressing" of the device is off there')
      .option('--into <config>', 'a configuration file, made where there is none; else the gateway that runs')
      .option('--apply', 'take it over; else it is only said what would change')
      .option('-m, --message <words>', 'why, for those who come after', '')
      .option('--json', 'print JSON')
      .option(...GATEWAY_URL),
  ).action((file: string, flags: LocalFlags & ImportPlantFlags) => {
    const work = async () => {
      const [{ importPlantFile }, { LocalGateway }] = await Promise.all([
        import('./import-plant.ts'),
        import('./config/local-gateway.ts'),
      ])
      return importPlantFile(() => new LocalGateway(flags, process.env), file, flags, output)
    }
    return endWith(work())
  })
}
