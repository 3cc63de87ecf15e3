/* The program of which the tests have one in each language: see `compatibility.rs`. Linked statically with musl, which has its own
   ways with threads, signals, memory and files. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void need(int held, const char *what) {
    if (!held) {
        fprintf(stderr, "%s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static uint32_t hashed(uint32_t hash, const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static void put(const char *path, const char *mode, const char *text) {
    FILE *file = fopen(path, mode);
    need(file && fputs(text, file) >= 0 && fclose(file) == 0, path);
}

static void files(void) {
    char text[64] = "";
    struct dirent **found;
    struct stat about;
    need(mkdir("d", 0777) == 0, "mkdir");
    put("d/b", "w", "one");
    put("d/a", "w", "three");
    need(rename("d/a", "d/c") == 0, "rename");
    put("d/c", "a", "!");
    printf("files:");
    int count = scandir("d", &found, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[512];
        if (found[i]->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "d/%s", found[i]->d_name);
        need(stat(path, &about) == 0, path);
        printf(" %s %ld,", found[i]->d_name, (long)about.st_size);
    }
    FILE *file = fopen("d/c", "r");
    need(file && fgets(text, sizeof text, file) && fclose(file) == 0, "reading");
    printf(" %s\n", text);
    need(unlink("d/b") == 0 && unlink("d/c") == 0 && rmdir("d") == 0, "removing");
    printf("missing: %s\n", open("d/b", O_RDONLY) < 0 && errno == ENOENT ? "ENOENT" : "strange");
}

static void granted(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    need(file >= 0 && fstat(file, &about) == 0, path);
    size_t size = (size_t)about.st_size;
    unsigned char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    need(bytes != MAP_FAILED && close(file) == 0, "mapping");
    printf("granted: %.*s %08x\n", (int)size, bytes, hashed(2166136261u, bytes, size));
    munmap(bytes, size);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int ready;
static uint64_t sum;

static void *add(void *first) {
    pthread_mutex_lock(&lock);
    while (!ready) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    for (uint64_t i = (uintptr_t)first; i < 1000; i += 8) {
        pthread_mutex_lock(&lock);
        sum += i * i;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void *wait_for_ever(void *nothing) {
    for (;;) pause();
    return nothing;
}

static void threads(void) {
    pthread_t all[8], idle;
    void *result;
    for (uintptr_t i = 0; i < 8; i++) need(pthread_create(&all[i], NULL, add, (void *)i) == 0, "a thread");
    pthread_mutex_lock(&lock);
    ready = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 8; i++) need(pthread_join(all[i], NULL) == 0, "joining");
    need(pthread_create(&idle, NULL, wait_for_ever, NULL) == 0, "a thread");
    need(pthread_cancel(idle) == 0 && pthread_join(idle, &result) == 0, "cancelling");
    need(result == PTHREAD_CANCELED, "what was cancelled");
    printf("threads: %llu\n", (unsigned long long)sum);
}

static void memory(void) {
    unsigned char *blocks[201];
    uint64_t kept = 0;
    for (size_t i = 1; i <= 200; i++) {
        need((blocks[i] = malloc(i * 1009)) != NULL, "memory");
        memset(blocks[i], (int)i, i * 1009);
    }
    for (size_t i = 3; i <= 200; i += 3) free(blocks[i]);
    for (size_t i = 1; i <= 200; i++) {
        if (i % 3 == 0) continue;
        need((blocks[i] = realloc(blocks[i], i * 2018)) != NULL, "more memory");
        need(blocks[i][0] == i && blocks[i][i * 1009 - 1] == i, "what was in it");
        kept += i * 2018;
        free(blocks[i]);
    }
    size_t large = 64u << 20;
    unsigned char *all = calloc(large, 1);
    need(all != NULL, "much memory");
    for (size_t i = 0; i < large; i += 4096) kept += all[i] += 1;
    free(all);
    printf("memory: %llu\n", (unsigned long long)kept);
}

static void *write_all(void *end) {
    unsigned char chunk[4096];
    for (uint32_t at = 0; at < 1u << 20;) {
        for (size_t i = 0; i < sizeof chunk; i++) chunk[i] = (unsigned char)((at + i) * 7);
        ssize_t count = write(*(int *)end, chunk, sizeof chunk);
        need(count > 0, "writing");
        at += (uint32_t)count;
    }
    close(*(int *)end);
    return NULL;
}

static void pipes(void) {
    int ends[2];
    pthread_t writer;
    unsigned char chunk[1000];
    uint32_t hash = 2166136261u, total = 0;
    need(pipe2(ends, O_CLOEXEC) == 0, "a pipe");
    need(pthread_create(&writer, NULL, write_all, &ends[1]) == 0, "a thread");
    for (ssize_t count; (count = read(ends[0], chunk, sizeof chunk)) > 0; total += (uint32_t)count)
        hash = hashed(hash, chunk, (size_t)count);
    need(pthread_join(writer, NULL) == 0 && close(ends[0]) == 0, "the end of the pipe");
    printf("pipe: %u %08x\n", total, hash);
}

static volatile sig_atomic_t heard;

static void hear(int signal) { heard += signal == SIGUSR2; }

static void signals(void) {
    struct sigaction action = {.sa_handler = hear};
    sigset_t set;
    need(sigaction(SIGUSR2, &action, NULL) == 0, "a handler");
    need(raise(SIGUSR2) == 0 && kill(getpid(), SIGUSR2) == 0, "a signal");
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    need(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 && pthread_kill(pthread_self(), SIGUSR2) == 0, "a blocked signal");
    need(heard == 2 && pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0, "unblocking");
    printf("signals: %d\n", (int)heard);
}

static int by_value(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static void numbers(void) {
    static uint32_t all[1000];
    uint32_t next = 1;
    for (size_t i = 0; i < 1000; i++) all[i] = next = next * 1664525u + 1013904223u;
    qsort(all, 1000, sizeof all[0], by_value);
    printf("numbers: %u %u %u %.20f %.3f\n", all[0], all[500], all[999], 0.1, -2.0 / 3);
}

static void clocks(void) {
    struct timespec before, after, moment = {.tv_nsec = 1000000};
    clock_gettime(CLOCK_MONOTONIC, &before);
    need(nanosleep(&moment, NULL) == 0, "sleeping");
    clock_gettime(CLOCK_MONOTONIC, &after);
    int later = after.tv_sec > before.tv_sec || after.tv_nsec >= before.tv_nsec + moment.tv_nsec;
    printf("clock: %s\n", later ? "later" : "early");
}

static void lines(void) {
    char *line = NULL;
    size_t room = 0;
    for (int number = 1; getline(&line, &room, stdin) > 0; number++) printf("%d: %s", number, line);
    free(line);
}

int main(int count, char **arguments) {
    need(count == 2, "one argument");
    files();
    granted(arguments[1]);
    threads();
    memory();
    pipes();
    signals();
    numbers();
    clocks();
    lines();
    return 0;
}
