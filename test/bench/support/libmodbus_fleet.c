/*
 * A Modbus TCP server on libmodbus for measurements: any number of connections at once, any unit, 2,000 holding
 * registers from address 0, of which all hold the present second, so that every value changes once a second. Prints
 * `port N` when it listens; ends when its standard input closes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REGISTERS = 2000, MOST_CLIENTS = 1000, BACKLOG = 1000 };

static void renew(modbus_mapping_t *mapping)
{
    static time_t shown;
    time_t now = time(NULL);
    if (now == shown)
        return;
    shown = now;
    for (int n = 0; n < REGISTERS; n++)
        mapping->tab_registers[n] = now & 0xffff;
}

int main(void)
{
    static struct pollfd waited[2 + MOST_CLIENTS];
    int count = 2;
    modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *mapping = modbus_mapping_new(0, 0, REGISTERS, 0);
    int listener = modbus_tcp_listen(context, BACKLOG);
    struct sockaddr_in bound;
    socklen_t length = sizeof bound;
    if (listener < 0 || !mapping || getsockname(listener, (struct sockaddr *) &bound, &length) < 0)
        return fprintf(stderr, "cannot listen: %s\n", modbus_strerror(errno)), 1;
    waited[0] = (struct pollfd) {.fd = STDIN_FILENO, .events = POLLIN};
    waited[1] = (struct pollfd) {.fd = listener, .events = POLLIN};
    printf("port %d\n", ntohs(bound.sin_port));
    fflush(stdout);

    for (;;) {
        if (poll(waited, count, -1) < 0) {
            if (errno == EINTR)
                continue;
            return perror("poll"), 1;
        }
        if (waited[0].revents)
            return 0;
        renew(mapping);
        for (int n = count - 1; n >= 2; n--) {
            if (!waited[n].revents)
                continue;
            uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
            modbus_set_socket(context, waited[n].fd);
            int received = modbus_receive(context, query);
            if (received > 0) {
                modbus_reply(context, query, received, mapping);
            } else if (received < 0) {
                close(waited[n].fd);
                waited[n] = waited[--count];
            }
        }
        if (waited[1].revents && count < 2 + MOST_CLIENTS) {
            int client = modbus_tcp_accept(context, &listener);
            if (client >= 0)
                waited[count++] = (struct pollfd) {.fd = client, .events = POLLIN};
        }
    }
}
