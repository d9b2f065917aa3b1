// SPDX-License-Identifier: MIT
/* What launcher and worker say arrives whole, and nonsense is refused. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "message.h"

/* A pipe, and what message_receive keeps from one call to the next. */
struct line {
	int in, out;
	void *payload;
	size_t capacity, bytes;
};

static struct line line;

static int open_line(void **state)
{
	int ends[2];

	(void)state;
	if (pipe(ends))
		return -1;
	line = (struct line){ .in = ends[0], .out = ends[1] };
	return 0;
}

static int close_line(void **state)
{
	(void)state;
	close(line.in);
	close(line.out);
	free(line.payload);
	return 0;
}

static int receive(void)
{
	return message_receive(line.in, &line.payload, &line.capacity,
			       &line.bytes);
}

/* Writes bytes as they are and ends the pipe: what a broken sender does. */
static void send_raw(const void *data, size_t bytes)
{
	assert_int_equal(write(line.out, data, bytes), bytes);
	close(line.out);
	line.out = -1;
}

static void every_kind_arrives_as_it_was_sent(void **state)
{
	(void)state;
	for (int kind = MESSAGE_STATE; kind <= MESSAGE_DONE; kind++) {
		char text[32];
		size_t bytes = (size_t)snprintf(
			text, sizeof(text), "message %d%*s", kind, kind, "");

		assert_int_equal(message_send(line.out, kind, text, bytes), 0);
		assert_int_equal(receive(), kind);
		assert_int_equal(line.bytes, bytes);
		assert_memory_equal(line.payload, text, bytes);
	}
}

/* So that a text may be printed as it comes. */
static void a_payload_ends_in_nul(void **state)
{
	(void)state;
	message_send(line.out, MESSAGE_FAILED, "a longer reason", 15);
	message_send(line.out, MESSAGE_FAILED, "short", 5);
	assert_int_equal(receive(), MESSAGE_FAILED);
	assert_string_equal(line.payload, "a longer reason");
	assert_int_equal(receive(), MESSAGE_FAILED);
	assert_string_equal(line.payload, "short");
}

static void a_message_may_be_empty(void **state)
{
	(void)state;
	assert_int_equal(message_send(line.out, MESSAGE_DONE, NULL, 0), 0);
	assert_int_equal(receive(), MESSAGE_DONE);
	assert_int_equal(line.bytes, 0);
}

/* More than a pipe holds: both ends work in pieces. */
static void a_large_message_arrives_in_pieces(void **state)
{
	size_t bytes = 1 << 20;
	unsigned char *data = malloc(bytes);
	int status;
	pid_t child;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < bytes; i++)
		data[i] = (unsigned char)(i * i >> 3);
	child = fork();
	if (child == 0)
		_exit(message_send(line.out, MESSAGE_ROWS, data, bytes) ? 1
									: 0);
	assert_int_equal(receive(), MESSAGE_ROWS);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(line.bytes, bytes);
	assert_memory_equal(line.payload, data, bytes);
	free(data);
}

static void the_end_of_the_pipe_is_no_error(void **state)
{
	(void)state;
	message_send(line.out, MESSAGE_DONE, NULL, 0);
	send_raw("", 0);
	assert_int_equal(receive(), MESSAGE_DONE);
	assert_int_equal(receive(), 0);
}

static void what_breaks_off_is_refused(void **state)
{
	static const uint32_t header[2] = { MESSAGE_FAILED, 8 };
	static const size_t cuts[] = { 1, 7, 8, 11 };

	(void)state;
	for (size_t i = 0; i < COUNT(cuts); i++) {
		char bytes[16] = "";

		close_line(NULL);
		assert_int_equal(open_line(NULL), 0);
		memcpy(bytes, header, sizeof(header));
		send_raw(bytes, cuts[i]);
		assert_int_equal(receive(), -EPROTO);
	}
}

static void hostile_headers_are_refused(void **state)
{
	static const uint32_t headers[][2] = {
		{ 0, 0 },
		{ MESSAGE_DONE + 1, 0 },
		{ UINT32_MAX, 4 },
		{ MESSAGE_ROWS, (256U << 20) + 1 },
		{ MESSAGE_ROWS, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		close_line(NULL);
		assert_int_equal(open_line(NULL), 0);
		send_raw(headers[i], sizeof(headers[i]));
		assert_int_equal(receive(), -EPROTO);
		assert_null(line.payload);
	}
}

static void nobody_listening_is_an_error(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	close(line.in);
	line.in = -1;
	assert_int_equal(message_send(line.out, MESSAGE_DONE, NULL, 0), -EPIPE);
	assert_int_equal(receive(), -EBADF);
}

static void a_job_arrives_with_its_tasks(void **state)
{
	static const struct task sent[] = { { 1ULL << 40, 3, 0, 9 },
					    { 7, 0, 1ULL << 33, 0 } };
	struct job job = {
		.kind = JOB_LAUNCH,
		.rounds = 50,
		.cpu = -3,
		.counter = 1,
		.ticks_per_ns = 2.5,
		.batch_ns = 50000,
		.conditions = { .set = 1 << CONDITION_SECCOMP,
				.value[CONDITION_SECCOMP] = 8 },
		.count = 2,
	};
	struct job got;
	struct task *tasks;

	(void)state;
	assert_int_equal(message_send_job(line.out, &job, sent), 0);
	assert_int_equal(message_receive_job(line.in, &got, &tasks), 0);
	assert_int_equal(got.kind, JOB_LAUNCH);
	assert_int_equal(got.rounds, 50);
	assert_int_equal(got.cpu, -3);
	assert_int_equal(got.counter, 1);
	assert_near(got.ticks_per_ns, 2.5, 0);
	assert_near(got.batch_ns, 50000, 0);
	assert_true(conditions_have(&got.conditions, CONDITION_SECCOMP));
	assert_false(conditions_have(&got.conditions, CONDITION_TRACED));
	assert_near(got.conditions.value[CONDITION_SECCOMP], 8, 0);
	assert_int_equal(got.count, 2);
	for (int i = 0; i < 2; i++) {
		assert_true(tasks[i].calls == sent[i].calls);
		assert_int_equal(tasks[i].benchmark, sent[i].benchmark);
		assert_true(tasks[i].hundreds == sent[i].hundreds);
		assert_true(tasks[i].stamps == sent[i].stamps);
	}
	free(tasks);
}

static void a_broken_job_is_refused(void **state)
{
	struct job job = { .count = 2 };
	struct task tasks[2] = { { 1, 1, 0, 0 }, { 2, 2, 0, 0 } };
	char bytes[sizeof(job) + sizeof(tasks)];
	static const size_t cuts[] = { 0, sizeof(job) - 1, sizeof(job),
				       sizeof(job) + 1, sizeof(bytes) - 1 };
	struct task *got;

	(void)state;
	memcpy(bytes, &job, sizeof(job));
	memcpy(bytes + sizeof(job), tasks, sizeof(tasks));
	for (size_t i = 0; i < COUNT(cuts); i++) {
		close_line(NULL);
		assert_int_equal(open_line(NULL), 0);
		send_raw(bytes, cuts[i]);
		assert_int_equal(message_receive_job(line.in, &job, &got),
				 -EPROTO);
	}
}

/* All of them sent: what is refused is the number alone. */
static void a_job_of_too_many_tasks_is_refused(void **state)
{
	struct job job = { .count = 100001 };
	struct task *tasks = calloc(job.count, sizeof(*tasks)), *got;
	pid_t child;

	(void)state;
	assert_non_null(tasks);
	signal(SIGPIPE, SIG_IGN);
	child = fork();
	if (child == 0) {
		close(line.in);
		_exit(message_send_job(line.out, &job, tasks) != 0);
	}
	assert_int_equal(message_receive_job(line.in, &job, &got), -EPROTO);
	close(line.in);
	line.in = -1;
	assert_int_equal(waitpid(child, NULL, 0), child);
	free(tasks);
}

#define on_a_line(test)                                                        \
	cmocka_unit_test_setup_teardown(test, open_line, close_line)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_a_line(every_kind_arrives_as_it_was_sent),
		on_a_line(a_payload_ends_in_nul),
		on_a_line(a_message_may_be_empty),
		on_a_line(a_large_message_arrives_in_pieces),
		on_a_line(the_end_of_the_pipe_is_no_error),
		on_a_line(what_breaks_off_is_refused),
		on_a_line(hostile_headers_are_refused),
		on_a_line(nobody_listening_is_an_error),
		on_a_line(a_job_arrives_with_its_tasks),
		on_a_line(a_broken_job_is_refused),
		on_a_line(a_job_of_too_many_tasks_is_refused),
	};

	return check_all(tests);
}
