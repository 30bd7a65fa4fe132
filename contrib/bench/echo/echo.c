/*
 * echo: the least a DNS server can do. It takes a question, sets QR and sends
 * it back; what it costs is what the kernel asks for receiving and sending.
 *
 *     echo PORT
 *
 * UDP: batches of 64 by recvmmsg and sendmmsg, one thread.
 * TCP: one epoll thread; every message that one read brings goes out in one write.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define MESSAGE 4096
#define STREAM (64 * 1024)
#define QR 0x80 /* in the third octet of a message */

static void check(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static int open_socket(int type, int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type, 0), on = 1;

	check(fd >= 0, "socket");
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	check(bind(fd, (struct sockaddr *)&at, sizeof at) == 0, "bind");
	return fd;
}

static void serve_udp(int fd)
{
	static unsigned char data[BATCH][MESSAGE];
	static struct sockaddr_in from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr batch[BATCH];

	for (int i = 0; i < BATCH; i++) {
		parts[i].iov_base = data[i];
		memset(&batch[i], 0, sizeof batch[i]);
		batch[i].msg_hdr.msg_iov = &parts[i];
		batch[i].msg_hdr.msg_iovlen = 1;
		batch[i].msg_hdr.msg_name = &from[i];
	}
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			parts[i].iov_len = MESSAGE;
			batch[i].msg_hdr.msg_namelen = sizeof from[i];
		}
		int n = recvmmsg(fd, batch, BATCH, MSG_WAITFORONE, NULL);
		if (n < 0 && errno == EINTR)
			continue;
		check(n > 0, "recvmmsg");
		for (int i = 0; i < n; i++) {
			parts[i].iov_len = batch[i].msg_len;
			if (batch[i].msg_len > 2)
				data[i][2] |= QR;
		}
		for (int sent = 0; sent < n;) {
			int m = sendmmsg(fd, batch + sent, n - sent, 0);
			sent += m > 0 ? m : 1; /* one that cannot be sent is lost */
		}
	}
}

struct stream {
	int fd;
	size_t have; /* octets of a message that is not whole yet */
	unsigned char data[STREAM];
};

/* whole sets QR in every complete message and returns where they end. */
static size_t whole(struct stream *s)
{
	size_t end = 0;

	while (s->have - end >= 2) {
		size_t len = (size_t)s->data[end] << 8 | s->data[end + 1];
		if (s->have - end < 2 + len)
			break;
		if (len > 2)
			s->data[end + 4] |= QR;
		end += 2 + len;
	}
	return end;
}

/* answer returns 0 when the stream has ended. */
static int answer(struct stream *s)
{
	ssize_t n = read(s->fd, s->data + s->have, STREAM - s->have);

	if (n <= 0)
		return 0;
	s->have += n;
	size_t end = whole(s);
	for (size_t sent = 0; sent < end;) {
		ssize_t m = write(s->fd, s->data + sent, end - sent);
		if (m <= 0)
			return 0;
		sent += m;
	}
	memmove(s->data, s->data + end, s->have - end);
	s->have -= end;
	return s->have < STREAM;
}

static void accept_one(int poll, int listener)
{
	int on = 1, fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	struct stream *s = calloc(1, sizeof *s);
	check(s != NULL, "calloc");
	s->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = s};
	check(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &ev) == 0, "epoll_ctl");
}

static void *serve_tcp(void *arg)
{
	int listener = *(int *)arg, poll = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL}, ready[BATCH];

	check(poll >= 0, "epoll_create1");
	check(epoll_ctl(poll, EPOLL_CTL_ADD, listener, &ev) == 0, "epoll_ctl");
	for (;;) {
		int n = epoll_wait(poll, ready, BATCH, -1);
		for (int i = 0; i < n; i++) {
			struct stream *s = ready[i].data.ptr;
			if (s == NULL) {
				accept_one(poll, listener);
			} else if (!answer(s)) {
				close(s->fd);
				free(s);
			}
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t tcp;
	int port = argc == 2 ? atoi(argv[1]) : 0;

	if (port <= 0 || port > 65535) {
		fprintf(stderr, "usage: echo PORT\n");
		return 2;
	}
	int udp = open_socket(SOCK_DGRAM, port), listener = open_socket(SOCK_STREAM, port);
	check(listen(listener, 128) == 0, "listen");
	check(pthread_create(&tcp, NULL, serve_tcp, &listener) == 0, "pthread_create");
	serve_udp(udp);
}
