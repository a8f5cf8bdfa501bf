/*
 * A Modbus TCP server on libmodbus for the tests: 200 of each kind, from address 0. Prints `port N` when it listens;
 * serves one connection after the other until its standard input closes.
 *
 *   coils, discrete inputs  address n is on where n is divisible by 3
 *   input registers         address n holds 1000 + n
 *   holding registers       0 2 4 6: the float 123.456 as ABCD, CDAB, BADC, DCBA; 20 to 27 "libmodbus 3", two
 *                           characters a register; the others 0
 */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT = 200 };

static uint16_t swapped(uint16_t word)
{
    return word << 8 | word >> 8;
}

static void fill(modbus_mapping_t *mapping)
{
    const char *text = "libmodbus 3";
    for (int n = 0; n < COUNT; n++) {
        mapping->tab_bits[n] = mapping->tab_input_bits[n] = n % 3 == 0;
        mapping->tab_input_registers[n] = 1000 + n;
    }
    /* Not by modbus_set_float_abcd and its like: in libmodbus 3.1.6 they write other orders than they say. */
    float value = 123.456f;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t high = bits >> 16, low = bits & 0xffff;
    uint16_t floats[] = {high, low, low, high, swapped(high), swapped(low), swapped(low), swapped(high)};
    memcpy(mapping->tab_registers, floats, sizeof floats);
    for (size_t n = 0; n < strlen(text); n++)
        mapping->tab_registers[20 + n / 2] |= (unsigned char) text[n] << (n % 2 ? 0 : 8);
}

/* False once the standard input has closed. */
static int wait_for(int fd)
{
    struct pollfd waited[2] = {{.fd = 0, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    while (poll(waited, 2, -1) < 0 && errno == EINTR)
        ;
    return waited[0].revents == 0;
}

int main(void)
{
    modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *mapping = modbus_mapping_new(COUNT, COUNT, COUNT, COUNT);
    int listener = modbus_tcp_listen(context, 1);
    struct sockaddr_in bound;
    socklen_t length = sizeof bound;
    if (listener < 0 || !mapping || getsockname(listener, (struct sockaddr *) &bound, &length) < 0)
        return fprintf(stderr, "cannot listen: %s\n", modbus_strerror(errno)), 1;
    fill(mapping);
    printf("port %d\n", ntohs(bound.sin_port));
    fflush(stdout);

    while (wait_for(listener)) {
        if (modbus_tcp_accept(context, &listener) < 0)
            continue;
        uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
        while (wait_for(modbus_get_socket(context))) {
            int received = modbus_receive(context, query);
            if (received < 0)
                break;
            modbus_reply(context, query, received, mapping);
        }
        modbus_close(context);
    }
    modbus_mapping_free(mapping);
    modbus_free(context);
    return 0;
}
