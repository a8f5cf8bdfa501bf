import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

/** Names with their values; those without a value are left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  const known = facts.filter(([, value]) => value !== undefined && value !== '')
  return (
    <Table withRowBorders={false} verticalSpacing={3} horizontalSpacing="xs" layout="auto">
      <Table.Tbody>
        {known.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={400} w="45%" className="quiet" pl={0}>
              {name}
            </Table.Th>
            <Table.Td className="numeric" style={{ overflowWrap: 'anywhere' }}>
              {value}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
