/*
 * What the header promises of sound and marks, whatever the way to them. Run with a voice file.
 */
#include "misuse/misuse.h"

#include <math.h>

static tts_utterance_config defaults(void)
{
    tts_utterance_config config;
    EXPECT(tts_utterance_config_init(&config, sizeof config), TTS_OK);
    return config;
}

static int same(const tts_audio *a, const tts_audio *b)
{
    return a->count == b->count && a->sample_rate == b->sample_rate
           && (a->f32 ? memcmp(a->f32, b->f32, a->count * sizeof(float))
                      : memcmp(a->s16, b->s16, a->count * sizeof(int16_t)))
                  == 0;
}

/* Each text of a batch sounds as it does alone, and ends so. */
static void a_batch_is_its_texts(tts_voice *v)
{
    static const char *texts[] = { "<speak>Yes. <break time='100ms'/> And no.</speak>", "<speak>Hello there.</speak>",
                                   "<speak>This <prosody pitch='high'>line</prosody> is longer than two.</speak>" };
    int round, i;
    for (round = 0; round < 2; round++) {
        tts_utterance_config config = defaults();
        tts_audio together[3], alone;
        tts_status results[3];
        config.text_format = TTS_TEXT_SSML;
        if (round == 1) {
            config.format = TTS_FORMAT_S16;
            config.sample_rate = 48000;
            config.pitch = 1.2f;
            config.seed = 3;
            config.max_steps = 20;
        }
        for (i = 0; i < 3; i++)
            together[i] = no_audio();
        CHECK(tts_voice_speak_batch(v, texts, 3, &config, together, results) == (round ? TTS_STEP_LIMIT : TTS_OK));
        for (i = 0; i < 3; i++) {
            alone = no_audio();
            EXPECT(tts_voice_speak(v, texts[i], &config, &alone), results[i]);
            CHECK(alone.count > 0 && same(&alone, &together[i]));
            EXPECT(tts_audio_free(&alone), TTS_OK);
            EXPECT(tts_audio_free(&together[i]), TTS_OK);
        }
    }
}

/* One text that cannot be spoken, and none is; the message tells which. */
static void a_batch_fails_as_a_whole(tts_voice *v)
{
    static const char *texts[] = { "Yes.", "<?>" };
    tts_audio audio[2];
    tts_status results[2] = { 77, 77 };
    audio[0] = audio[1] = no_audio();
    EXPECT(tts_voice_speak_batch(v, texts, 2, NULL, audio, results), TTS_ERROR_NOTHING_TO_SPEAK);
    CHECK(strstr(tts_last_error(), "texts[1]: ") == tts_last_error());
    CHECK(audio[0].count == 0 && audio[0].f32 == NULL && results[0] == 77);
}

/* Tokens of a language model end anywhere: text that comes byte by byte sounds the same. */
static void pieces_may_end_within_a_character(tts_voice *v)
{
    static const char text[] = "Caf\xc3\xa9 cr\xc3\xa8me \xf0\x9f\x98\x80, \xe2\x80\x9cna\xc3\xafve\xe2\x80\x9d. Yes.";
    tts_audio whole = no_audio();
    tts_utterance *u = NULL;
    tts_status status;
    float block[500];
    size_t count, i;
    uint64_t at = 0;
    EXPECT(tts_voice_speak(v, text, NULL, &whole), TTS_OK);
    EXPECT(tts_utterance_open(v, NULL, &u), TTS_OK);
    for (i = 0; i < sizeof text - 1; i++)
        EXPECT(tts_utterance_feed_n(u, &text[i], 1), TTS_OK);
    EXPECT(tts_utterance_finish(u), TTS_OK);
    do {
        status = tts_utterance_read(u, block, 500, &count);
        CHECK(at + count <= whole.count && memcmp(block, whole.f32 + at, count * sizeof *block) == 0);
        at += count;
        if (status == TTS_UNDERRUN)
            sleep_ms(1);
    } while (status == TTS_OK || status == TTS_UNDERRUN);
    CHECK(status == TTS_END && at == whole.count);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    EXPECT(tts_audio_free(&whole), TTS_OK);
}

typedef struct face {
    tts_viseme shapes[8];
    int count;
} face;

static void moves(void *user_data, const tts_mark *mark)
{
    face *f = user_data;
    CHECK((mark->viseme == TTS_VISEME_NONE) == (mark->kind == TTS_MARK_SENTENCE || mark->kind == TTS_MARK_WORD));
    if (mark->viseme != TTS_VISEME_NONE && f->count < 8)
        f->shapes[f->count++] = mark->viseme;
}

/* The mouth follows the phonemes, and is at rest in the end. */
static void phonemes_move_the_mouth(tts_voice *v)
{
    static const tts_viseme papa[] = { TTS_VISEME_PP, TTS_VISEME_AA, TTS_VISEME_PP, TTS_VISEME_AA, TTS_VISEME_SIL };
    tts_utterance_config config = defaults();
    tts_audio audio = no_audio();
    face face = { { 0 }, 0 };
    config.on_mark = moves;
    config.user_data = &face;
    EXPECT(tts_voice_speak(v, "{P AA1 P AH0}", &config, &audio), TTS_OK);
    CHECK(face.count == 5 && memcmp(face.shapes, papa, sizeof papa) == 0);
    EXPECT(tts_audio_free(&audio), TTS_OK);
}

/* Who takes marks as their sound is played loses none, however much sound waits. */
static void marks_wait_as_long_as_their_sound(tts_voice *v)
{
    char text[3000] = "";
    tts_utterance_config config = defaults();
    tts_utterance *u = NULL;
    tts_stats stats;
    tts_mark mark;
    int i, marks = 0;
    for (i = 0; i < 50; i++)
        strcat(text, "Six cats sat on the mat and looked at the wall. ");
    stats.struct_size = sizeof stats;
    mark.struct_size = sizeof mark;
    config.buffer_ms = 60000;
    config.speed = 4;
    config.sentence_pause = 0;
    EXPECT(tts_utterance_start(v, text, &config, &u), TTS_OK);
    CHECK(tts_utterance_wait(u, 120000) >= 0);
    while (tts_utterance_next_mark(u, &mark) == TTS_OK)
        marks++;
    EXPECT(tts_utterance_stats(u, &stats), TTS_OK);
    CHECK(stats.sentences == 50 && stats.marks_lost == 0 && marks > 1024);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
}

/* Noise that the vocoder was not trained for makes its numbers overflow; a mixer is spared that. */
static void sound_is_finite(tts_voice *v)
{
    tts_utterance_config config = defaults();
    tts_audio audio = no_audio();
    uint64_t i;
    config.sigma = 10;
    config.gain = 100;
    config.sample_rate = 48000;
    CHECK(tts_voice_speak(v, "Hello there.", &config, &audio) >= 0);
    for (i = 0; i < audio.count; i++)
        CHECK(isfinite(audio.f32[i]));
    EXPECT(tts_audio_free(&audio), TTS_OK);
}

int main(int argc, char **argv)
{
    tts_engine *e;
    tts_voice *v;
    if (argc != 2)
        return 2;
    voice_path = argv[1];
    e = engine();
    v = voice(e);
    a_batch_is_its_texts(v);
    a_batch_fails_as_a_whole(v);
    pieces_may_end_within_a_character(v);
    phonemes_move_the_mouth(v);
    marks_wait_as_long_as_their_sound(v);
    sound_is_finite(v);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
    return 0;
}
