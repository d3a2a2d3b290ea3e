/*
 * What a program should not do: every case must get a status back and go on.
 * Run with the name of a case and a voice file; "list" gives the names.
 */
#include "tts.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *voice_path;
static const char long_text[] = "This is a long text. It has many sentences. Each of them is spoken. "
                                "None of them is short enough. This is a long text. It has many sentences. "
                                "Each of them is spoken. None of them is short enough.";

#define EXPECT(call, status)                                                                     \
    do {                                                                                         \
        tts_status got = (call);                                                                 \
        if (got != (status)) {                                                                   \
            fprintf(stderr, "%s:%d: %s gave %d (%s), not %s\n", __FILE__, __LINE__, #call, got,  \
                    tts_last_error(), #status);                                                  \
            exit(1);                                                                             \
        }                                                                                        \
    } while (0)

#define CHECK(condition)                                                                         \
    do {                                                                                         \
        if (!(condition)) {                                                                      \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);              \
            exit(1);                                                                             \
        }                                                                                        \
    } while (0)

static tts_engine *engine(void)
{
    tts_engine *engine = NULL;
    EXPECT(tts_engine_create(NULL, &engine), TTS_OK);
    return engine;
}

static tts_voice *voice(tts_engine *engine)
{
    tts_voice *voice = NULL;
    EXPECT(tts_voice_open_path(engine, voice_path, &voice), TTS_OK);
    return voice;
}

static tts_audio no_audio(void)
{
    tts_audio audio;
    memset(&audio, 0, sizeof audio);
    audio.struct_size = sizeof audio;
    return audio;
}

static void null_everywhere(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    tts_voice *none = NULL;
    tts_utterance *u = NULL;
    tts_audio audio = no_audio();
    tts_voice_info info;
    tts_mark mark;
    tts_stats stats;
    const char *text = NULL;
    float sample = 0;
    size_t count = 7;
    info.struct_size = sizeof info;
    mark.struct_size = sizeof mark;
    stats.struct_size = sizeof stats;
    EXPECT(tts_engine_config_init(NULL, sizeof(tts_engine_config)), TTS_ERROR_NULL);
    EXPECT(tts_utterance_config_init(NULL, sizeof(tts_utterance_config)), TTS_ERROR_NULL);
    EXPECT(tts_engine_create(NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_path(NULL, voice_path, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_path(e, NULL, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_path(e, voice_path, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_memory_copied(e, NULL, 10, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_memory_borrowed(e, NULL, 10, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_memory_copied(e, NULL, 0, &none), TTS_ERROR_VOICE_FORMAT);
    EXPECT(tts_voice_open_reader(e, NULL, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_describe(NULL, &info), TTS_ERROR_NULL);
    EXPECT(tts_voice_describe(v, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_text(NULL, TTS_VOICE_NAME, &text), TTS_ERROR_NULL);
    EXPECT(tts_voice_text(v, TTS_VOICE_NAME, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_symbol(NULL, 0, &text), TTS_ERROR_NULL);
    EXPECT(tts_voice_warm_up(NULL, NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_device_count(NULL), TTS_ERROR_NULL);
    EXPECT(tts_device_describe(0, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_start(NULL, "Hello.", NULL, &u), TTS_ERROR_NULL);
    EXPECT(tts_utterance_start(v, NULL, NULL, &u), TTS_ERROR_NULL);
    EXPECT(tts_utterance_start(v, "Hello.", NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_start_n(v, NULL, 3, NULL, &u), TTS_ERROR_NULL);
    EXPECT(tts_utterance_open(NULL, NULL, &u), TTS_ERROR_NULL);
    EXPECT(tts_utterance_feed(NULL, "Hello."), TTS_ERROR_NULL);
    EXPECT(tts_utterance_flush(NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_finish(NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_read(NULL, &sample, 1, &count), TTS_ERROR_NULL);
    EXPECT(tts_utterance_next_mark(NULL, &mark), TTS_ERROR_NULL);
    EXPECT(tts_utterance_cancel(NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_wait(NULL, 0), TTS_ERROR_NULL);
    EXPECT(tts_utterance_stats(NULL, &stats), TTS_ERROR_NULL);
    EXPECT(tts_utterance_destroy(NULL), TTS_OK);
    CHECK(u == NULL && text == NULL && count == 7);
    EXPECT(tts_utterance_start(v, "Hello.", NULL, &u), TTS_OK);
    EXPECT(tts_utterance_read(u, NULL, 1, &count), TTS_ERROR_NULL);
    EXPECT(tts_utterance_read(u, &sample, 1, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_next_mark(u, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_stats(u, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    EXPECT(tts_voice_speak(NULL, "Hello.", NULL, &audio), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak(v, NULL, NULL, &audio), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak(v, "Hello.", NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak_n(v, NULL, 6, NULL, &audio), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak_n(v, NULL, 0, NULL, &audio), TTS_ERROR_NOTHING_TO_SPEAK);
    EXPECT(tts_audio_free(NULL), TTS_OK);
    EXPECT(tts_voice_destroy(NULL), TTS_OK);
    EXPECT(tts_engine_destroy(NULL), TTS_OK);
    CHECK(none == NULL && audio.f32 == NULL && audio.count == 0);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void freed_twice(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    tts_audio audio = no_audio(), copy;
    EXPECT(tts_voice_speak(v, "Yes.", NULL, &audio), TTS_OK);
    copy = audio;
    EXPECT(tts_audio_free(&audio), TTS_OK);
    CHECK(audio.f32 == NULL && audio.count == 0);
    EXPECT(tts_audio_free(&audio), TTS_OK);
    EXPECT(tts_audio_free(&copy), TTS_ERROR_HANDLE);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_voice_destroy(v), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy(e), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_ERROR_HANDLE);
}

static void used_after_destroy(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e), *other = NULL;
    tts_utterance *u = NULL, *last = NULL;
    tts_audio audio = no_audio();
    tts_voice_info info;
    tts_stats stats;
    float sample;
    size_t count;
    info.struct_size = sizeof info;
    stats.struct_size = sizeof stats;
    EXPECT(tts_utterance_start(v, "Hello.", NULL, &u), TTS_OK);
    EXPECT(tts_utterance_start(v, "Hello.", NULL, &last), TTS_OK);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    EXPECT(tts_utterance_destroy(u), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_read(u, &sample, 1, &count), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_cancel(u), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_wait(u, 10), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_stats(u, &stats), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_feed(last, "More."), TTS_ERROR_STATE);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_voice_describe(v, &info), TTS_ERROR_HANDLE);
    /* An utterance outlives its voice. */
    EXPECT(tts_utterance_wait(last, 60000), TTS_OK);
    EXPECT(tts_utterance_destroy(last), TTS_OK);
    EXPECT(tts_voice_speak(v, "Hello.", NULL, &audio), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy(e), TTS_OK);
    EXPECT(tts_voice_open_path(e, voice_path, &other), TTS_ERROR_HANDLE);
    CHECK(other == NULL);
}

static void another_kind_of_handle(void)
{
    tts_engine *e = engine();
    int local = 0;
    tts_voice_info info;
    info.struct_size = sizeof info;
    EXPECT(tts_voice_destroy((tts_voice *)e), TTS_ERROR_HANDLE);
    EXPECT(tts_voice_describe((tts_voice *)e, &info), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy((tts_engine *)&local), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy((tts_engine *)(size_t)1), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy((tts_engine *)~(size_t)0), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void wrong_struct_size(void)
{
    tts_engine *e = engine(), *none = NULL;
    tts_voice *v = voice(e);
    tts_engine_config engine_config;
    tts_utterance_config config;
    tts_audio audio = no_audio();
    struct {
        tts_utterance_config config;
        char newer[32];
    } larger;

    memset(&engine_config, 0, sizeof engine_config);
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_STRUCT_SIZE);
    engine_config.struct_size = 0xffffffff;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_STRUCT_SIZE);
    memset(&config, 0xff, sizeof config);
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_STRUCT_SIZE);
    EXPECT(tts_utterance_config_init(&config, 3), TTS_ERROR_STRUCT_SIZE);
    audio.struct_size = 1;
    EXPECT(tts_voice_speak(v, "Hello.", NULL, &audio), TTS_ERROR_STRUCT_SIZE);
    EXPECT(tts_audio_free(&audio), TTS_ERROR_STRUCT_SIZE);

    /* A newer header's larger struct is fine as long as what is new in it is not used. */
    audio = no_audio();
    EXPECT(tts_utterance_config_init(&larger.config, sizeof larger), TTS_OK);
    EXPECT(tts_voice_speak(v, "Yes.", &larger.config, &audio), TTS_OK);
    EXPECT(tts_audio_free(&audio), TTS_OK);
    larger.newer[31] = 1;
    EXPECT(tts_voice_speak(v, "Yes.", &larger.config, &audio), TTS_ERROR_STRUCT_SIZE);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void values_out_of_range(void)
{
    tts_engine *e = engine(), *none = NULL;
    tts_voice *v = voice(e);
    tts_engine_config engine_config;
    tts_utterance_config config;
    tts_audio audio = no_audio();
    float bad[4];
    float *members[7];
    int i, j;

    bad[0] = (float)NAN;
    bad[1] = (float)INFINITY;
    bad[2] = -3;
    bad[3] = 1e9f;
    members[0] = &config.sigma;
    members[1] = &config.denoise;
    members[2] = &config.gate_threshold;
    members[3] = &config.speed;
    members[4] = &config.pitch;
    members[5] = &config.gain;
    members[6] = &config.sentence_pause;
    for (i = 0; i < 7; i++)
        for (j = 0; j < 4; j++) {
            tts_utterance_config_init(&config, sizeof config);
            *members[i] = bad[j];
            EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
        }
    tts_utterance_config_init(&config, sizeof config);
    config.format = 17;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    tts_utterance_config_init(&config, sizeof config);
    config.sample_rate = 1;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    tts_utterance_config_init(&config, sizeof config);
    config.flags = 0x80000000u;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    tts_engine_config_init(&engine_config, sizeof engine_config);
    engine_config.device = 99;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_ARGUMENT);
    engine_config.device = TTS_DEVICE_CPU;
    engine_config.threads = 1000000;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_DEVICE);
    CHECK(audio.f32 == NULL && none == NULL);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void texts_that_are_none(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e), *other = NULL;
    tts_utterance_config config;
    tts_audio audio = no_audio();
    EXPECT(tts_voice_speak(v, "\xff\xfe", NULL, &audio), TTS_ERROR_UTF8);
    EXPECT(tts_voice_speak_n(v, "caf\xc3\xa9", 4, NULL, &audio), TTS_ERROR_UTF8);
    EXPECT(tts_voice_speak(v, "", NULL, &audio), TTS_ERROR_NOTHING_TO_SPEAK);
    EXPECT(tts_voice_speak(v, "?!", NULL, &audio), TTS_ERROR_NOTHING_TO_SPEAK);
    EXPECT(tts_voice_open_path(e, "\xff", &other), TTS_ERROR_UTF8);
    EXPECT(tts_voice_open_path(e, "no such file", &other), TTS_ERROR_VOICE_READ);
    EXPECT(tts_voice_open_path(e, ".", &other), TTS_ERROR_VOICE_READ);
    EXPECT(tts_voice_open_memory_borrowed(e, "RIFF....WAVE", 12, &other), TTS_ERROR_VOICE_FORMAT);
    tts_utterance_config_init(&config, sizeof config);
    config.lexicon = "tacoglow QQ";
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_LEXICON);
    CHECK(strstr(tts_last_error(), "line 1") != NULL);
    CHECK(audio.f32 == NULL && other == NULL);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void status_strings(void)
{
    int status;
    for (status = -1000; status < 100; status++)
        CHECK(tts_status_string(status) != NULL && tts_status_string(status)[0] != '\0');
    CHECK(strcmp(tts_status_string(TTS_OK), "done") == 0);
    CHECK(tts_last_error()[0] == '\0');
    CHECK(tts_abi_version() == TTS_ABI_VERSION);
}

static void forgotten(void)
{
    /* Nothing is destroyed: the process must end all the same. */
    tts_audio audio = no_audio();
    EXPECT(tts_voice_speak(voice(engine()), "Yes.", NULL, &audio), TTS_OK);
}

static void sleep_ms(long ms)
{
    struct timespec t;
    t.tv_sec = ms / 1000;
    t.tv_nsec = ms % 1000 * 1000000;
    nanosleep(&t, NULL);
}

static tts_utterance_config with_callback(tts_audio_callback on_audio, void *user_data)
{
    tts_utterance_config config;
    EXPECT(tts_utterance_config_init(&config, sizeof config), TTS_OK);
    config.on_audio = on_audio;
    config.user_data = user_data;
    return config;
}

typedef struct reentry {
    tts_engine *engine;
    tts_voice *voice;
    tts_utterance *utterance;
    int calls;
} reentry;

static int32_t calls_back(void *user_data, const tts_chunk *chunk)
{
    reentry *r = (reentry *)user_data;
    tts_utterance *other = NULL;
    tts_audio audio = no_audio();
    tts_stats stats;
    float sample;
    size_t count;
    stats.struct_size = sizeof stats;
    if (chunk->count == 0 || r->calls++ > 0)
        return 0;
    /* What would wait for this very callback is refused. */
    EXPECT(tts_utterance_destroy(r->utterance), TTS_ERROR_CALLBACK);
    EXPECT(tts_utterance_wait(r->utterance, UINT32_MAX), TTS_ERROR_CALLBACK);
    EXPECT(tts_voice_speak(r->voice, "Hello.", NULL, &audio), TTS_ERROR_CALLBACK);
    EXPECT(tts_voice_warm_up(r->voice, NULL, NULL), TTS_ERROR_CALLBACK);
    EXPECT(tts_voice_destroy(r->voice), TTS_ERROR_CALLBACK);
    EXPECT(tts_engine_destroy(r->engine), TTS_ERROR_CALLBACK);
    EXPECT(tts_utterance_read(r->utterance, &sample, 1, &count), TTS_ERROR_STATE);
    /* Everything else may be done. */
    EXPECT(tts_utterance_stats(r->utterance, &stats), TTS_OK);
    EXPECT(tts_utterance_start(r->voice, "And another.", NULL, &other), TTS_OK);
    EXPECT(tts_utterance_cancel(other), TTS_OK);
    return 0;
}

static void callback_calls_back(void)
{
    reentry r;
    tts_utterance_config config = with_callback(calls_back, &r);
    r.calls = 0;
    r.engine = engine();
    r.voice = voice(r.engine);
    r.utterance = NULL;
    EXPECT(tts_utterance_open(r.voice, &config, &r.utterance), TTS_OK);
    EXPECT(tts_utterance_feed(r.utterance, "Hello there."), TTS_OK);
    EXPECT(tts_utterance_finish(r.utterance), TTS_OK);
    EXPECT(tts_utterance_feed(r.utterance, "Too late."), TTS_ERROR_STATE);
    EXPECT(tts_utterance_finish(r.utterance), TTS_ERROR_STATE);
    EXPECT(tts_utterance_wait(r.utterance, UINT32_MAX), TTS_OK);
    CHECK(r.calls > 0);
    EXPECT(tts_utterance_destroy(r.utterance), TTS_OK);
    EXPECT(tts_engine_destroy(r.engine), TTS_OK);
    EXPECT(tts_voice_destroy(r.voice), TTS_OK);
}

static volatile int in_callback, after_destroy;

static int32_t takes_long(void *user_data, const tts_chunk *chunk)
{
    (void)user_data;
    (void)chunk;
    if (after_destroy)
        abort();
    in_callback = 1;
    sleep_ms(1500);
    in_callback = 2;
    return 0;
}

static void callback_takes_seconds(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    tts_utterance *u = NULL;
    tts_utterance_config config = with_callback(takes_long, NULL);
    EXPECT(tts_utterance_start(v, long_text, &config, &u), TTS_OK);
    while (!in_callback)
        sched_yield();
    EXPECT(tts_utterance_wait(u, 1), TTS_TIMEOUT);
    EXPECT(tts_utterance_cancel(u), TTS_OK);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    CHECK(in_callback == 2);
    after_destroy = 1;
    sleep_ms(100);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void destroyed_with_work_in_flight(void)
{
    int round;
    for (round = 0; round < 12; round++) {
        tts_engine *e = engine();
        tts_voice *v = voice(e);
        tts_utterance *u[4];
        tts_stats stats;
        float sample;
        size_t count;
        int i;
        stats.struct_size = sizeof stats;
        for (i = 0; i < 4; i++)
            EXPECT(tts_utterance_start(v, long_text, NULL, &u[i]), TTS_OK);
        sleep_ms(round * 10);
        if (round % 2)
            EXPECT(tts_voice_destroy(v), TTS_OK);
        EXPECT(tts_engine_destroy(e), TTS_OK);
        /* What is left can be asked, and destroyed. */
        EXPECT(tts_utterance_wait(u[0], UINT32_MAX), TTS_CANCELLED);
        EXPECT(tts_utterance_stats(u[0], &stats), TTS_OK);
        CHECK(stats.state == TTS_STATE_ENDED && stats.result == TTS_CANCELLED);
        CHECK(tts_utterance_read(u[0], &sample, 1, &count) >= 0);
        if (round % 2 == 0) {
            tts_audio audio = no_audio();
            tts_utterance *late = NULL;
            EXPECT(tts_voice_speak(v, "Hello.", NULL, &audio), TTS_ERROR_ENGINE_GONE);
            EXPECT(tts_utterance_start(v, "Hello.", NULL, &late), TTS_ERROR_ENGINE_GONE);
            EXPECT(tts_voice_destroy(v), TTS_OK);
        }
        for (i = 0; i < 4; i++)
            EXPECT(tts_utterance_destroy(u[i]), TTS_OK);
    }
}

static void cancelled_at_every_point(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    float block[256];
    size_t count;
    int round;
    for (round = 0; round < 60; round++) {
        tts_utterance *u = NULL;
        EXPECT(tts_utterance_start(v, long_text, NULL, &u), TTS_OK);
        sleep_ms(round * 2);
        CHECK(tts_utterance_read(u, block, 256, &count) >= 0);
        EXPECT(tts_utterance_cancel(u), TTS_OK);
        EXPECT(tts_utterance_read(u, block, 256, &count), TTS_CANCELLED);
        CHECK(count == 0 && block[0] == 0);
        EXPECT(tts_utterance_cancel(u), TTS_OK);
        if (round % 2)
            EXPECT(tts_utterance_wait(u, UINT32_MAX), TTS_CANCELLED);
        EXPECT(tts_utterance_destroy(u), TTS_OK);
    }
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

typedef struct speaker {
    tts_voice *voice;
    tts_status status;
} speaker;

static void *speaks(void *argument)
{
    speaker *s = (speaker *)argument;
    tts_audio audio = no_audio();
    s->status = tts_voice_speak(s->voice, long_text, NULL, &audio);
    tts_audio_free(&audio);
    return NULL;
}

static void destroyed_while_others_speak(void)
{
    int round;
    for (round = 0; round < 6; round++) {
        tts_engine *e = engine();
        tts_voice *v = voice(e);
        pthread_t threads[3];
        speaker speakers[3];
        int i;
        for (i = 0; i < 3; i++) {
            speakers[i].voice = v;
            CHECK(pthread_create(&threads[i], NULL, speaks, &speakers[i]) == 0);
        }
        sleep_ms(round * 20);
        if (round % 2) {
            EXPECT(tts_voice_destroy(v), TTS_OK);
            EXPECT(tts_engine_destroy(e), TTS_OK);
        } else {
            EXPECT(tts_engine_destroy(e), TTS_OK);
            EXPECT(tts_voice_destroy(v), TTS_OK);
        }
        for (i = 0; i < 3; i++) {
            tts_status status;
            pthread_join(threads[i], NULL);
            status = speakers[i].status;
            CHECK(status == TTS_ERROR_ENGINE_GONE || status == TTS_ERROR_HANDLE || status >= 0);
        }
    }
}

static tts_utterance *shared;
static volatile int reading = 1;

static void *reads(void *buffer)
{
    size_t count;
    while (reading) {
        tts_status status = tts_utterance_read(shared, (float *)buffer, 48000, &count);
        CHECK(status >= 0 || status == TTS_ERROR_BUSY);
    }
    return NULL;
}

static void two_threads_read(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    static float buffers[2][48000];
    pthread_t threads[2];
    EXPECT(tts_utterance_start(v, long_text, NULL, &shared), TTS_OK);
    pthread_create(&threads[0], NULL, reads, buffers[0]);
    pthread_create(&threads[1], NULL, reads, buffers[1]);
    EXPECT(tts_utterance_wait(shared, UINT32_MAX), TTS_OK);
    reading = 0;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    EXPECT(tts_utterance_destroy(shared), TTS_OK);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static long resident_kb(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%ld %ld", &pages, &resident) == 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void ten_thousand_rounds(void)
{
    tts_engine_config config;
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    long before = 0, after, least = 1000000;
    int round;
    tts_engine_config_init(&config, sizeof config);
    config.threads = 1;
    for (round = 0; round < 10000; round++) {
        tts_utterance *u = NULL;
        tts_engine *other = NULL;
        EXPECT(tts_utterance_start(v, "Hello there.", NULL, &u), TTS_OK);
        EXPECT(tts_utterance_destroy(u), TTS_OK);
        if (round % 10 == 0) {
            EXPECT(tts_engine_create(&config, &other), TTS_OK);
            EXPECT(tts_engine_destroy(other), TTS_OK);
        }
        if (round % 2000 == 1999) {
            sleep_ms(300); /* the worker throws away what was cancelled */
            after = resident_kb();
            if (before != 0 && after - before < least)
                least = after - before;
            before = after;
        }
    }
    /* What is in flight differs from time to time; a leak grows in every stretch of 2,000 rounds. */
    if (least > 512) {
        fprintf(stderr, "memory grows by %ld kB in 2,000 rounds\n", least);
        exit(1);
    }
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void forked(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    tts_utterance *u = NULL;
    int status = 1;
    pid_t child;
    EXPECT(tts_utterance_start(v, long_text, NULL, &u), TTS_OK);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        tts_audio audio = no_audio();
        tts_voice *none = NULL;
        tts_engine *mine = NULL;
        alarm(60);
        EXPECT(tts_utterance_wait(u, UINT32_MAX), TTS_ERROR_FORKED);
        EXPECT(tts_voice_speak(v, "Hello.", NULL, &audio), TTS_ERROR_FORKED);
        EXPECT(tts_voice_open_path(e, voice_path, &none), TTS_ERROR_FORKED);
        EXPECT(tts_utterance_destroy(u), TTS_OK);
        EXPECT(tts_voice_destroy(v), TTS_OK);
        EXPECT(tts_engine_destroy(e), TTS_OK);
        EXPECT(tts_engine_create(NULL, &mine), TTS_OK);
        EXPECT(tts_voice_speak(voice(mine), "Yes.", NULL, &audio), TTS_OK);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    /* The parent has noticed nothing. */
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static size_t gives_rubbish(void *user_data, void *buffer, size_t size)
{
    int *calls = (int *)user_data;
    memset(buffer, 'x', size);
    return ++*calls < 3 ? size : 0;
}

static size_t fails(void *user_data, void *buffer, size_t size)
{
    (void)user_data;
    (void)buffer;
    (void)size;
    return (size_t)-1;
}

static void readers_that_fail(void)
{
    tts_engine *e = engine();
    tts_voice *v = NULL;
    tts_reader reader;
    int calls = 0;
    memset(&reader, 0, sizeof reader);
    reader.user_data = &calls;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_STRUCT_SIZE);
    reader.struct_size = sizeof reader;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_NULL);
    reader.read = fails;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_VOICE_READ);
    reader.read = gives_rubbish;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_VOICE_FORMAT);
    CHECK(v == NULL && calls == 3);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "null_everywhere", null_everywhere },
    { "freed_twice", freed_twice },
    { "used_after_destroy", used_after_destroy },
    { "another_kind_of_handle", another_kind_of_handle },
    { "wrong_struct_size", wrong_struct_size },
    { "values_out_of_range", values_out_of_range },
    { "texts_that_are_none", texts_that_are_none },
    { "status_strings", status_strings },
    { "forgotten", forgotten },
    { "callback_calls_back", callback_calls_back },
    { "callback_takes_seconds", callback_takes_seconds },
    { "destroyed_with_work_in_flight", destroyed_with_work_in_flight },
    { "cancelled_at_every_point", cancelled_at_every_point },
    { "destroyed_while_others_speak", destroyed_while_others_speak },
    { "two_threads_read", two_threads_read },
    { "ten_thousand_rounds", ten_thousand_rounds },
    { "forked", forked },
    { "readers_that_fail", readers_that_fail },
};

int main(int argc, char **argv)
{
    size_t i;
    int list = argc == 2 && strcmp(argv[1], "list") == 0;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (list)
            puts(cases[i].name);
        else if (argc == 3 && strcmp(argv[1], cases[i].name) == 0) {
            voice_path = argv[2];
            cases[i].run();
            return 0;
        }
    }
    return list ? 0 : 2;
}
