/* A Modbus device as libmodbus makes one: `libmodbus_device tcp` (it says its port) or `libmodbus_device rtu TTY BAUD`. Registers as in
   modbus_devices.py, all of them at every unit. Holding register 40 answers half a second late, 50 with "server busy". Ends when its
   standard input does. `libmodbus_device poll PORT COUNT` is a master instead: it reads 100 registers so many times and prints seconds. */

#include <errno.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LATE = 40, BUSY = 50, REGISTERS = 200, READ_HOLDING = 3 };

static void answer(modbus_t *line, modbus_mapping_t *map, const uint8_t *asked, int length) {
    const uint8_t *pdu = asked + modbus_get_header_length(line);
    int address = pdu[1] << 8 | pdu[2];
    if (pdu[0] == READ_HOLDING && address == BUSY) {
        modbus_reply_exception(line, asked, MODBUS_EXCEPTION_SLAVE_OR_SERVER_BUSY);
        return;
    }
    if (pdu[0] == READ_HOLDING && address == LATE) usleep(500000);
    modbus_reply(line, asked, length, map);
}

static modbus_mapping_t *registers(void) {
    modbus_mapping_t *map = modbus_mapping_new(16, 16, REGISTERS, 16);
    if (!map) return NULL;
    for (int bit = 0; bit < 16; bit += 2) map->tab_input_bits[bit] = 1;
    map->tab_registers[4] = 1234;
    map->tab_registers[LATE] = 77;
    map->tab_registers[100] = 6;
    map->tab_registers[101] = 400;
    map->tab_registers[102] = 65535;
    map->tab_input_registers[10] = 0x40E8; /* 7.25, high word first */
    return map;
}

static int serve(modbus_t *line, int listener) {
    modbus_mapping_t *map = registers();
    uint8_t asked[MODBUS_TCP_MAX_ADU_LENGTH];
    int connected = listener < 0;
    if (!map) return 1;
    for (;;) {
        struct pollfd ends[2] = {{0, POLLIN, 0}, {connected ? modbus_get_socket(line) : listener, POLLIN, 0}};
        if (poll(ends, 2, -1) < 0 && errno != EINTR) return 1;
        if (ends[0].revents) return 0;
        if (!ends[1].revents) continue;
        if (!connected) {
            connected = modbus_tcp_accept(line, &listener) >= 0;
            continue;
        }
        int length = modbus_receive(line, asked);
        if (length > 0) answer(line, map, asked, length);
        if (length < 0 && listener >= 0) {
            modbus_close(line);
            connected = 0;
        }
    }
}

static int ask(int port, int count) {
    modbus_t *line = modbus_new_tcp("127.0.0.1", port);
    uint16_t words[100];
    struct timespec from, to;
    if (!line || modbus_connect(line) < 0) return 1;
    modbus_set_slave(line, 1);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int number = 0; number < count; number++)
        if (modbus_read_registers(line, 100, 100, words) != 100) return 1;
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.9f\n", (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    return 0;
}

int main(int count, char **words) {
    modbus_t *line;
    int listener = -1, port = 0;
    if (count == 4 && !strcmp(words[1], "poll")) return ask(atoi(words[2]), atoi(words[3]));
    if (count == 2 && !strcmp(words[1], "tcp")) {
        struct sockaddr_in at;
        socklen_t length = sizeof at;
        line = modbus_new_tcp("127.0.0.1", 0);
        listener = line ? modbus_tcp_listen(line, 1) : -1;
        if (listener < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0) return 1;
        port = ntohs(at.sin_port);
    } else if (count == 4 && !strcmp(words[1], "rtu")) {
        line = modbus_new_rtu(words[2], atoi(words[3]), 'N', 8, 1);
        if (!line || modbus_set_slave(line, 1) < 0 || modbus_connect(line) < 0) return 1;
    } else {
        return 2;
    }
    printf("ready %d\n", port);
    fflush(stdout);
    return serve(line, listener);
}
