/* Functions of the host that the library calls, which do what they should not. */
#include "misuse.h"

#include <sched.h>

static const char long_text[] = "This is a long text. It has many sentences. Each of them is spoken. "
                                "None of them is short enough. This is a long text. It has many sentences. "
                                "Each of them is spoken. None of them is short enough.";


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

static int in_callback, after_destroy;

static int32_t takes_long(void *user_data, const tts_chunk *chunk)
{
    (void)user_data;
    (void)chunk;
    if (LOAD(after_destroy))
        abort();
    STORE(in_callback, 1);
    sleep_ms(1500);
    STORE(in_callback, 2);
    return 0;
}

static void callback_takes_seconds(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    tts_utterance *u = NULL;
    tts_utterance_config config = with_callback(takes_long, NULL);
    EXPECT(tts_utterance_start(v, long_text, &config, &u), TTS_OK);
    while (!LOAD(in_callback))
        sched_yield();
    EXPECT(tts_utterance_wait(u, 1), TTS_TIMEOUT);
    EXPECT(tts_utterance_cancel(u), TTS_OK);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    CHECK(LOAD(in_callback) == 2);
    STORE(after_destroy, 1);
    sleep_ms(100);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

/* The other functions that the library calls. */
static reentry everywhere;

static void waits_for_itself(void)
{
    tts_audio audio = no_audio();
    tts_voice *other = NULL;
    tts_stats stats;
    stats.struct_size = sizeof stats;
    everywhere.calls++;
    EXPECT(tts_engine_destroy(everywhere.engine), TTS_ERROR_CALLBACK);
    if (everywhere.voice) {
        EXPECT(tts_voice_speak(everywhere.voice, "Hello.", NULL, &audio), TTS_ERROR_CALLBACK);
        EXPECT(tts_voice_speak_batch(everywhere.voice, NULL, 0, NULL, NULL, NULL), TTS_ERROR_CALLBACK);
        EXPECT(tts_voice_warm_up(everywhere.voice, NULL, NULL), TTS_ERROR_CALLBACK);
        EXPECT(tts_voice_destroy(everywhere.voice), TTS_ERROR_CALLBACK);
        EXPECT(tts_voice_open_path(everywhere.engine, "no such file", &other), TTS_ERROR_VOICE_READ);
    }
    if (everywhere.utterance) {
        EXPECT(tts_utterance_wait(everywhere.utterance, 0), TTS_ERROR_CALLBACK);
        EXPECT(tts_utterance_destroy(everywhere.utterance), TTS_ERROR_CALLBACK);
        EXPECT(tts_utterance_stats(everywhere.utterance, &stats), TTS_OK);
    }
}

static void in_log(void *user_data, tts_log_level level, const char *message)
{
    (void)user_data;
    (void)level;
    (void)message;
    if (everywhere.engine)
        waits_for_itself();
}

static size_t in_read(void *file, void *buffer, size_t size)
{
    waits_for_itself();
    return fread(buffer, 1, size, (FILE *)file);
}

static void in_progress(void *user_data, float progress)
{
    (void)user_data;
    CHECK(progress >= 0 && progress <= 1);
    waits_for_itself();
}

static void in_mark(void *user_data, const tts_mark *mark)
{
    (void)user_data;
    CHECK(mark->kind >= 0);
    waits_for_itself();
}

static void every_callback_calls_back(void)
{
    tts_engine_config engine_config;
    tts_utterance_config config;
    tts_reader reader;
    FILE *file = fopen(voice_path, "rb");
    int calls;
    CHECK(file != NULL);
    tts_engine_config_init(&engine_config, sizeof engine_config);
    engine_config.on_log = in_log;
    EXPECT(tts_engine_create(&engine_config, &everywhere.engine), TTS_OK);
    memset(&reader, 0, sizeof reader);
    reader.struct_size = sizeof reader;
    reader.read = in_read;
    reader.user_data = file;
    EXPECT(tts_voice_open_reader(everywhere.engine, &reader, &everywhere.voice), TTS_OK);
    CHECK((calls = everywhere.calls) > 1);
    EXPECT(tts_voice_warm_up(everywhere.voice, in_progress, NULL), TTS_OK);
    CHECK(everywhere.calls > calls);
    calls = everywhere.calls;
    tts_utterance_config_init(&config, sizeof config);
    config.on_mark = in_mark;
    EXPECT(tts_utterance_open(everywhere.voice, &config, &everywhere.utterance), TTS_OK);
    EXPECT(tts_utterance_feed(everywhere.utterance, "Hello there."), TTS_OK);
    EXPECT(tts_utterance_finish(everywhere.utterance), TTS_OK);
    EXPECT(tts_utterance_wait(everywhere.utterance, UINT32_MAX), TTS_OK);
    CHECK(everywhere.calls > calls);
    EXPECT(tts_utterance_destroy(everywhere.utterance), TTS_OK);
    EXPECT(tts_voice_destroy(everywhere.voice), TTS_OK);
    EXPECT(tts_engine_destroy(everywhere.engine), TTS_OK);
    fclose(file);
}

/* Cancels in the n-th call, by the value it returns or by tts_utterance_cancel. */
typedef struct stopper {
    tts_utterance *utterance;
    int audio_left, marks_left;
} stopper;

static int32_t stops_audio(void *user_data, const tts_chunk *chunk)
{
    stopper *s = (stopper *)user_data;
    CHECK(s->audio_left != 0 && s->marks_left != 0);
    return chunk->count != 0 && --s->audio_left == 0;
}

static void stops_mark(void *user_data, const tts_mark *mark)
{
    stopper *s = (stopper *)user_data;
    (void)mark;
    CHECK(s->audio_left != 0 && s->marks_left != 0);
    if (--s->marks_left == 0)
        EXPECT(tts_utterance_cancel(s->utterance), TTS_OK);
}

static void cancelled_in_every_callback(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    int by_mark, n;
    for (by_mark = 0; by_mark < 2; by_mark++) {
        tts_status status = TTS_CANCELLED;
        for (n = 1; status == TTS_CANCELLED; n++) {
            stopper s;
            tts_utterance *u = NULL;
            tts_utterance_config config = with_callback(stops_audio, &s);
            config.on_mark = stops_mark;
            s.audio_left = by_mark ? -1 : n;
            s.marks_left = by_mark ? n : -1;
            EXPECT(tts_utterance_open(v, &config, &u), TTS_OK);
            s.utterance = u;
            EXPECT(tts_utterance_feed(u, "Here are words. Some more."), TTS_OK);
            EXPECT(tts_utterance_finish(u), TTS_OK);
            status = tts_utterance_wait(u, UINT32_MAX);
            EXPECT(tts_utterance_destroy(u), TTS_OK);
        }
        CHECK(status == TTS_OK && n > 3);
    }
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static const misuse cases[] = {
    { "callback_calls_back", callback_calls_back },
    { "every_callback_calls_back", every_callback_calls_back },
    { "cancelled_in_every_callback", cancelled_in_every_callback },
    { "callback_takes_seconds", callback_takes_seconds },
};

int main(int argc, char **argv)
{
    return run(cases, sizeof cases / sizeof *cases, argc, argv);
}
