import { Table } from '@mantine/core'
import type { SetupClientsAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Age } from '../parts/age.tsx'
import { plainAddress } from '../parts/plain-address.ts'
import { WideTable } from '../parts/wide-table.tsx'

/** Who is connected over OPC UA, and how much it watches. */
export function ConnectedClients({ clients }: Pick<SetupClientsAnswer, 'clients'>) {
  const { t, number } = useLocale()
  return (
    <WideTable
      minWidth={560}
      caption={t('setup.clients')}
      head={[
        t('setup.clientName'),
        t('setup.clientUser'),
        t('setup.clientAddress'),
        t('setup.clientSince'),
        t('setup.clientItems'),
      ]}
      numbersFrom={4}
    >
      {clients.map(({ client, user, address, since, items }, position) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: nothing else tells two sessions of one client apart
        <Table.Tr key={position}>
          <Table.Td style={{ overflowWrap: 'anywhere' }}>{client}</Table.Td>
          <Table.Td>{user === undefined ? '–' : (user ?? t('setup.anonymous'))}</Table.Td>
          <Table.Td>{address ? plainAddress(address) : '–'}</Table.Td>
          <Table.Td>
            <Age at={since} />
          </Table.Td>
          <Table.Td ta="right">{number(items)}</Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  )
}
