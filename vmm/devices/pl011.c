/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/pl011.h"

/* Registers, by their names in the manual. */
enum {
	UARTDR = 0x000,
	UARTRSR = 0x004, /* UARTECR when written. */
	UARTFR = 0x018,
	UARTILPR = 0x020,
	UARTIBRD = 0x024,
	UARTFBRD = 0x028,
	UARTLCR_H = 0x02c,
	UARTCR = 0x030,
	UARTIFLS = 0x034,
	UARTIMSC = 0x038,
	UARTRIS = 0x03c,
	UARTMIS = 0x040,
	UARTICR = 0x044,
	UARTDMACR = 0x048,
	UARTPERIPHID0 = 0xfe0,
	UARTPCELLID3 = 0xffc,
};

#define FR_CTS 0x001
#define FR_DSR 0x002
#define FR_DCD 0x004
#define FR_BUSY 0x008
#define FR_RXFE 0x010
#define FR_TXFF 0x020
#define FR_RXFF 0x040
#define FR_TXFE 0x080

#define LCR_H_FEN 0x10

#define CR_UARTEN 0x001
#define CR_RXE 0x200

#define INT_RX 0x010
#define INT_TX 0x020
#define INT_RT 0x040

/* The bits that can be written; the others read as zero. */
#define ILPR_MASK 0x00ff
#define IBRD_MASK 0xffff
#define FBRD_MASK 0x003f
#define LCR_H_MASK 0x00ff
#define CR_MASK 0xff87
#define IFLS_MASK 0x003f
#define INT_MASK 0x07ff
#define DMACR_MASK 0x0007

#define CR_RESET 0x300
#define IFLS_RESET 0x012

/* UARTPeriphID0 to 3, UARTPCellID0 to 3: Arm's part 0x011, revision 1. */
static const uint8_t identification[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static uint8_t fifo_take(struct pl011_fifo *fifo)
{
	uint8_t byte = fifo->bytes[fifo->first];

	fifo->first = (fifo->first + 1) % PL011_FIFO_SIZE;
	fifo->count--;

	return byte;
}

static void fifo_put(struct pl011_fifo *fifo, uint8_t byte)
{
	fifo->bytes[(fifo->first + fifo->count) % PL011_FIFO_SIZE] = byte;
	fifo->count++;
}

/* With the FIFOs disabled each is one holding register. */
static unsigned int fifo_depth(const struct pl011 *pl011)
{
	return pl011->lcr_h & LCR_H_FEN ? PL011_FIFO_SIZE : 1;
}

/* A field of UARTIFLS as a number of bytes. */
static unsigned int fifo_level(unsigned int select)
{
	/* 4 is 7/8, and larger values are reserved; they are taken for 7/8. */
	static const uint8_t levels[] = { 2, 4, 8, 12, 14, 14, 14, 14 };

	return levels[select & 7];
}

/* The transmit interrupt is raised when no more bytes than this wait. */
static unsigned int transmit_level(const struct pl011 *pl011)
{
	return pl011->lcr_h & LCR_H_FEN ? fifo_level(pl011->ifls) : 0;
}

static void update_line(struct pl011 *pl011)
{
	bool level = (pl011->ris & pl011->imsc) != 0;

	if (level != pl011->level) {
		pl011->level = level;
		irq_line_set(&pl011->irq, level);
	}
}

/*
 * A guest that looks for input receives it, as on QEMU, whether or not it has
 * enabled the receiver: programs for `virt` rely on that. Before that, bytes
 * wait at the host, since a driver drops what it finds when it begins.
 */
static bool takes_input(const struct pl011 *pl011)
{
	return (pl011->cr & CR_UARTEN && pl011->cr & CR_RXE) || pl011->looks ||
	       pl011->imsc & (INT_RX | INT_RT);
}

static unsigned int receive_room(const struct pl011 *pl011)
{
	unsigned int depth = fifo_depth(pl011);

	if (!takes_input(pl011) || pl011->receive.count >= depth)
		return 0;

	return depth - pl011->receive.count;
}

/*
 * Called after anything that can make room: the host's end may offer bytes
 * again.
 */
static void announce_room(struct pl011 *pl011)
{
	if (!pl011->refused || receive_room(pl011) == 0)
		return;

	pl011->refused = false;
	pl011->host_ops->room(pl011->host);
}

static bool send(struct pl011 *pl011, uint8_t byte)
{
	return !pl011->host_ops || pl011->host_ops->send(pl011->host, byte);
}

/* Send the bytes that wait, until the host's end refuses one. */
static void send_waiting(struct pl011 *pl011)
{
	while (pl011->transmit.count > 0 &&
	       send(pl011, pl011->transmit.bytes[pl011->transmit.first]))
		fifo_take(&pl011->transmit);

	if (pl011->transmit.count <= transmit_level(pl011))
		pl011->ris |= INT_TX;
}

/*
 * UARTCR does not gate the output: early consoles and small programs write
 * without having enabled anything, and an emulated line has no speed to set.
 */
static void transmit(struct pl011 *pl011, uint8_t byte)
{
	/*
	 * As on hardware, a driver that writes in spite of TXFF loses the byte.
	 */
	if (pl011->transmit.count >= fifo_depth(pl011))
		return;

	fifo_put(&pl011->transmit, byte);
	pl011->ris &= (uint16_t)~INT_TX;
	/*
	 * The bytes that wait were refused; pl011_resume() tells when to try
	 * again.
	 */
	if (pl011->transmit.count == 1)
		send_waiting(pl011);
	else if (pl011->transmit.count <= transmit_level(pl011))
		pl011->ris |= INT_TX;
}

static uint32_t read_data(struct pl011 *pl011)
{
	uint8_t byte;

	if (pl011->receive.count == 0)
		return 0;

	byte = fifo_take(&pl011->receive);
	if (pl011->receive.count == 0)
		pl011->ris &= (uint16_t) ~(INT_RX | INT_RT);
	announce_room(pl011);

	return byte;
}

static uint32_t read_flags(const struct pl011 *pl011)
{
	/* The other end is always connected, and ready. */
	uint32_t flags = FR_CTS | FR_DSR | FR_DCD;
	unsigned int depth = fifo_depth(pl011);

	if (pl011->receive.count == 0)
		flags |= FR_RXFE;
	if (pl011->receive.count >= depth)
		flags |= FR_RXFF;
	if (pl011->transmit.count == 0)
		flags |= FR_TXFE;
	else
		flags |= FR_BUSY;
	if (pl011->transmit.count >= depth)
		flags |= FR_TXFF;

	return flags;
}

/* The guest reads whether there is input: see takes_input(). */
static void look(struct pl011 *pl011)
{
	pl011->looks = true;
	announce_room(pl011);
}

static uint32_t read_register(struct pl011 *pl011, uint64_t offset)
{
	switch (offset) {
	case UARTDR:
		look(pl011);
		return read_data(pl011);
	case UARTFR:
		look(pl011);
		return read_flags(pl011);
	case UARTILPR:
		return pl011->ilpr;
	case UARTIBRD:
		return pl011->ibrd;
	case UARTFBRD:
		return pl011->fbrd;
	case UARTLCR_H:
		return pl011->lcr_h;
	case UARTCR:
		return pl011->cr;
	case UARTIFLS:
		return pl011->ifls;
	case UARTIMSC:
		return pl011->imsc;
	case UARTRIS:
		return pl011->ris;
	case UARTMIS:
		return pl011->ris & pl011->imsc;
	case UARTDMACR:
		return pl011->dmacr;
	default:
		/* UARTRSR is zero, too: there are no errors on this line. */
		if (offset >= UARTPERIPHID0 && offset <= UARTPCELLID3)
			return identification[(offset - UARTPERIPHID0) / 4];
		return 0;
	}
}

static void write_register(struct pl011 *pl011, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case UARTDR:
		transmit(pl011, (uint8_t)value);
		break;
	case UARTILPR:
		pl011->ilpr = value & ILPR_MASK;
		break;
	case UARTIBRD:
		pl011->ibrd = value & IBRD_MASK;
		break;
	case UARTFBRD:
		pl011->fbrd = value & FBRD_MASK;
		break;
	case UARTLCR_H:
		/* The bytes in the FIFOs stay, whatever their depth becomes. */
		pl011->lcr_h = value & LCR_H_MASK;
		break;
	case UARTCR:
		pl011->cr = value & CR_MASK;
		/*
		 * The driver's setting counts, until it looks for input all the
		 * same.
		 */
		pl011->looks = false;
		break;
	case UARTIFLS:
		pl011->ifls = value & IFLS_MASK;
		break;
	case UARTIMSC:
		pl011->imsc = value & INT_MASK;
		break;
	case UARTICR:
		pl011->ris &= (uint16_t)~value;
		break;
	case UARTDMACR:
		/* It has no effect: there is no DMA controller. */
		pl011->dmacr = value & DMACR_MASK;
		break;
	default:
		return;
	}
	announce_room(pl011);
}

uint64_t pl011_read(void *self, uint64_t offset, unsigned int size)
{
	struct pl011 *pl011 = self;
	uint32_t value;

	if (offset % 4 != 0)
		return 0;

	pthread_mutex_lock(&pl011->lock);
	value = read_register(pl011, offset);
	update_line(pl011);
	pthread_mutex_unlock(&pl011->lock);

	return value;
}

void pl011_write(void *self, uint64_t offset, uint64_t value, unsigned int size)
{
	struct pl011 *pl011 = self;

	if (offset % 4 != 0)
		return;

	pthread_mutex_lock(&pl011->lock);
	write_register(pl011, offset, (uint32_t)value);
	update_line(pl011);
	pthread_mutex_unlock(&pl011->lock);
}

static void set_to_reset(struct pl011 *pl011)
{
	pl011->receive = (struct pl011_fifo){ 0 };
	pl011->ilpr = 0;
	pl011->ibrd = 0;
	pl011->fbrd = 0;
	pl011->lcr_h = 0;
	pl011->cr = CR_RESET;
	pl011->ifls = IFLS_RESET;
	pl011->imsc = 0;
	pl011->ris = 0;
	pl011->dmacr = 0;
	pl011->looks = false;
}

void pl011_reset(void *self)
{
	struct pl011 *pl011 = self;

	pthread_mutex_lock(&pl011->lock);
	/*
	 * The bytes that wait to be sent stay: they are on the line, and may be
	 * the guest's last output.
	 */
	set_to_reset(pl011);
	update_line(pl011);
	pthread_mutex_unlock(&pl011->lock);
}

void pl011_create(struct pl011 *pl011, struct irq_line irq)
{
	*pl011 = (struct pl011){ .irq = irq };
	pthread_mutex_init(&pl011->lock, NULL);
	set_to_reset(pl011);
}

void pl011_destroy(struct pl011 *pl011)
{
	pthread_mutex_destroy(&pl011->lock);
}

void pl011_connect(struct pl011 *pl011, const struct pl011_host *ops, void *host)
{
	pl011->host_ops = ops;
	pl011->host = host;
}

size_t pl011_receive(struct pl011 *pl011, const uint8_t *bytes, size_t count)
{
	size_t taken = 0;

	pthread_mutex_lock(&pl011->lock);
	while (taken < count && receive_room(pl011) > 0)
		fifo_put(&pl011->receive, bytes[taken++]);
	if (taken < count)
		pl011->refused = true;

	/*
	 * It is raised from the first byte on, as on QEMU, whatever UARTIFLS
	 * says: programs for `virt` enable this interrupt alone, and receive
	 * one key at a time.
	 */
	if (taken > 0)
		pl011->ris |= INT_RX;
	/*
	 * The timeout is the silence of 32 bits after the last byte. Time on an
	 * emulated line stands still between two offers, so it passes at once.
	 */
	if (taken > 0 && pl011->lcr_h & LCR_H_FEN)
		pl011->ris |= INT_RT;
	update_line(pl011);
	pthread_mutex_unlock(&pl011->lock);

	return taken;
}

bool pl011_resume(struct pl011 *pl011)
{
	bool done;

	pthread_mutex_lock(&pl011->lock);
	if (pl011->transmit.count > 0)
		send_waiting(pl011);
	done = pl011->transmit.count == 0;
	update_line(pl011);
	pthread_mutex_unlock(&pl011->lock);

	return done;
}

bool pl011_is_raised(struct pl011 *pl011)
{
	bool raised;

	pthread_mutex_lock(&pl011->lock);
	raised = pl011->level;
	pthread_mutex_unlock(&pl011->lock);

	return raised;
}

static void serialize_fifo(struct pl011_fifo *fifo, struct stream *stream)
{
	stream_serialize(stream, fifo->bytes, sizeof(fifo->bytes));
	stream_serialize_u32(stream, &fifo->first);
	stream_serialize_u32(stream, &fifo->count);
	if (fifo->first >= PL011_FIFO_SIZE || fifo->count > PL011_FIFO_SIZE) {
		stream_fail(stream);
		*fifo = (struct pl011_fifo){ 0 };
	}
}

void pl011_serialize(struct pl011 *pl011, struct stream *stream)
{
	uint16_t *const registers[] = { &pl011->ilpr,  &pl011->ibrd, &pl011->fbrd,
					&pl011->lcr_h, &pl011->cr,   &pl011->ifls,
					&pl011->imsc,  &pl011->ris,  &pl011->dmacr };

	pthread_mutex_lock(&pl011->lock);
	serialize_fifo(&pl011->receive, stream);
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		stream_serialize_u16(stream, registers[i]);
	if (stream_is_loading(stream)) {
		/*
		 * The GIC of the machine that loads the state has all lines
		 * low, so they are raised here.
		 */
		announce_room(pl011);
		update_line(pl011);
	}
	pthread_mutex_unlock(&pl011->lock);
}
