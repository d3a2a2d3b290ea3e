/**
 * @mainpage tts.h
 *
 * Tacoglow, neural text-to-speech: Tacotron 2 and WaveGlow.
 *
 * A complete program, which speaks a sentence into a file of raw 32-bit floats:
 *
 * @code{.c}
 *   #include <stdio.h>
 *   #include "tts.h"
 *
 *   int main(int argc, char **argv)
 *   {
 *       tts_engine *engine = NULL;
 *       tts_voice *voice = NULL;
 *       tts_audio audio = { sizeof(tts_audio), 0, 0, NULL, NULL };
 *       FILE *file = argc == 3 ? fopen(argv[2], "wb") : NULL;
 *       size_t spoken = 0;
 *
 *       if (file == NULL || tts_engine_create(NULL, &engine) < 0
 *           || tts_voice_open_path(engine, argv[1], &voice) < 0
 *           || tts_voice_speak(voice, "Hello world.", NULL, &audio) < 0)
 *           fprintf(stderr, "not spoken: %s\n", tts_last_error());
 *       else
 *           spoken = fwrite(audio.f32, sizeof(float), (size_t)audio.count, file);
 *       tts_audio_free(&audio);
 *       tts_voice_destroy(voice);
 *       tts_engine_destroy(engine);
 *       return spoken > 0 && fclose(file) == 0 ? 0 : 1;
 *   }
 * @endcode
 *
 * Build it with "cc hello.c -ltts", and run it with a voice file and the name of a file to write. To hear
 * that: "aplay -r 22050 -f FLOAT_LE FILE", or "ffplay -ar 22050 -f f32le FILE".
 *
 * What holds for every function:
 *
 * - Results. A function returns a tts_status: 0 is success, above 0 success with something to say, below
 *   0 an error, and tts_last_error() then says more. What a function gives stands in its last arguments,
 *   whose names begin with out_; they are written on success only.
 * - Handles. tts_engine, tts_voice and others are handles: numbers that the library looks up. NULL, a handle
 *   that was destroyed, or one of another kind gives an error and does no harm. To destroy NULL is fine.
 * - Threads. Every function may be called from any thread at any time, unless it says otherwise. To destroy
 *   an object while another thread uses it is safe: the call waits for the other to leave.
 * - Audio callbacks. tts_utterance_read, tts_utterance_read_s16 and tts_utterance_cancel never wait, lock,
 *   allocate or enter the system, whatever they are given. The other functions may: call them elsewhere.
 * - Texts are UTF-8. A function whose name ends in _n takes a length in bytes; elsewhere texts end in NUL.
 * - Structs that you fill begin with struct_size. Their init function sets it and all defaults, so that a
 *   program goes on working when a later version adds members at the end.
 * - Memory. What the library allocates, the library frees. Pointers that it gives live as long as the
 *   function says.
 * - No memory is TTS_ERROR_OUT_OF_MEMORY for whatever opens, starts or speaks, and the objects there are can be
 *   used again when there is some. RELIABILITY.md says how far that goes.
 * - Fork. A child process may destroy what its parent made, which frees nothing, and make engines of its own; what
 *   needs the threads of its parent's engines gives TTS_ERROR_FORKED.
 * - Unloading. Destroy the engines before; if that is forgotten, on Linux and Android no harm is done, since the code
 *   stays where it is.
 * - The library never ends the process, throws, or prints.
 */
#ifndef TTS_H
#define TTS_H

#include <stddef.h>
#include <stdint.h>

/* On Windows, define TTS_STATIC to link the static library. */
#ifndef TTS_API
#if defined(_WIN32) && !defined(TTS_STATIC)
#define TTS_API __declspec(dllimport)
#else
#define TTS_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ========================================================================================== */
/**
 * @defgroup version Version
 *
 * Names that this header has keep their meaning, values and layout for as long as TTS_ABI_VERSION stays
 * the same. A program that was built with an older header of the same ABI version runs unchanged.
 * @{
 */

/** Version of this header: major. Below 1, a new minor version may change the interface. */
#define TTS_VERSION_MAJOR 0

/** Version of this header: minor. */
#define TTS_VERSION_MINOR 1

/** Version of this header: patch. */
#define TTS_VERSION_PATCH 0

/** Version of the binary interface that this header describes. */
#define TTS_ABI_VERSION 1

/**
 * The version of the library that is loaded, such as "0.1.0". The text lives as long as the library.
 *
 * Threads: any. Errors: none. Since 0.1.
 */
TTS_API const char *tts_version(void);

/**
 * The version of the binary interface of the library that is loaded. Compare it with TTS_ABI_VERSION
 * after loading the library by hand.
 *
 * Threads: any. Errors: none. Since 0.1.
 */
TTS_API uint32_t tts_abi_version(void);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup status Status codes and messages
 *
 * 0 is success, above 0 is success with something to say, below 0 is an error. The numbers never change
 * their meaning; later versions may add some, so treat an unknown negative one as an error.
 * @{
 */

/** What a function has to say: one of TTS_OK and the constants beside it. */
typedef int32_t tts_status;

/** Done. */
#define TTS_OK 0

/** These were the last samples. */
#define TTS_END 1

/** Fewer samples than asked for: more are not ready yet. */
#define TTS_UNDERRUN 2

/** Nothing is waiting to be taken. */
#define TTS_EMPTY 3

/** The time is over, what was waited for is not. */
#define TTS_TIMEOUT 4

/** The utterance was cancelled. */
#define TTS_CANCELLED 5

/** Everything was spoken, but a sentence was cut off at the limit of decoder steps. */
#define TTS_STEP_LIMIT 6

/** Everything was spoken, but a sentence lost its place, and words of it may be missing, repeated or unclear. */
#define TTS_ATTENTION_LOST 7

/** An argument is NULL that must not be. */
#define TTS_ERROR_NULL -101

/** A handle that is not one: never made, already destroyed, or of another kind. */
#define TTS_ERROR_HANDLE -102

/** A value is outside its range, or not a number. */
#define TTS_ERROR_ARGUMENT -103

/** A struct_size that no header of this library has had: initialise the struct first. */
#define TTS_ERROR_STRUCT_SIZE -104

/** A text is not UTF-8. */
#define TTS_ERROR_UTF8 -105

/** Another thread is in a call that only one may be in. */
#define TTS_ERROR_BUSY -106

/** The object is not in a state in which this can be done. */
#define TTS_ERROR_STATE -107

/** This cannot be done in a callback of the library, which would wait for itself. */
#define TTS_ERROR_CALLBACK -108

/** The process was forked after the engine was made: make a new engine in the child. */
#define TTS_ERROR_FORKED -109

/** The voice file cannot be read. */
#define TTS_ERROR_VOICE_READ -201

/** The voice file can be read, but is no voice: damaged, of another format, or contradicting itself. */
#define TTS_ERROR_VOICE_FORMAT -202

/** There is nothing to speak in the text. */
#define TTS_ERROR_NOTHING_TO_SPEAK -301

/** A lexicon entry cannot be read. */
#define TTS_ERROR_LEXICON -302

/** The text is not SSML, although it should be. */
#define TTS_ERROR_SSML -303

/** The device is not there, or does not work. */
#define TTS_ERROR_DEVICE -401

/** The engine that the handle belongs to has been destroyed. */
#define TTS_ERROR_ENGINE_GONE -402

/** There is no room for it: the system's or the device's memory is full, or the engine's memory_limit is reached. */
#define TTS_ERROR_OUT_OF_MEMORY -403

/**
 * The device stopped working: it was removed or reset, say, or its driver gave up. Nothing more can be spoken on this
 * engine; destroy it and make another.
 */
#define TTS_ERROR_DEVICE_LOST -404

/** A mistake of this library; please report the message. The object can only be destroyed. */
#define TTS_ERROR_INTERNAL -901

/**
 * A short English text for a status, also for one that this version does not know. It lives as long as
 * the library.
 *
 * Threads: any. Errors: none. Since 0.1.
 */
TTS_API const char *tts_status_string(tts_status status);

/**
 * What went wrong in the last call on this thread that returned an error, in English, with the values
 * concerned. Never NULL; empty if nothing went wrong so far. Calls that succeed leave it alone, and so do
 * tts_utterance_read and tts_utterance_cancel, which must not allocate. Of an utterance that failed on the worker's
 * thread, tts_utterance_error tells.
 *
 * Ownership: the library's; the text changes with the next error on this thread. Threads: any, each
 * has its own. Errors: none. Since 0.1.
 */
TTS_API const char *tts_last_error(void);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup device Devices
 *
 * What there is to compute on.
 * @{
 */

/** A kind of device, one of the constants TTS_DEVICE_*; or TTS_DEVICE_INDEX and an index added to it. */
typedef int32_t tts_device;

/**
 * What there is to know about a device. Set struct_size to sizeof(tts_device_info) before the call that
 * fills it.
 */
typedef struct tts_device_info {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** TTS_DEVICE_CPU or TTS_DEVICE_GPU. */
    tts_device kind;
    /** Whether an engine can be made on it: 1 or 0. */
    int32_t usable;
    /** Must not be looked at. */
    uint32_t reserved;
    /** What it is. Ends in NUL. */
    char name[128];
    /** What it offers, or why it is not usable. Ends in NUL. */
    char note[256];
    /** Bytes of its memory; 0 if that is not known: of GPUs, Vulkan alone tells. Since 0.1. */
    uint64_t memory;
    /**
     * Whether weights in half precision stay so: 1 or 0. Otherwise they take twice the room that they take in the voice
     * file. Since 0.1.
     */
    int32_t f16;
    /** Must not be looked at. */
    uint32_t reserved2;
} tts_device_info;

/** The best one that works. */
#define TTS_DEVICE_AUTO 0

/** The processor. */
#define TTS_DEVICE_CPU 1

/** A graphics processor. */
#define TTS_DEVICE_GPU 2

/** TTS_DEVICE_INDEX + i is the device that tts_device_describe tells of for the index i: one of several GPUs, say. */
#define TTS_DEVICE_INDEX 1000

/**
 * Number of devices, usable or not. They and their order stay the same while the process runs.
 *
 * Threads: any. Errors: TTS_ERROR_NULL. Since 0.1.
 */
TTS_API tts_status tts_device_count(size_t *out_count);

/**
 * Describes the device with this index, from 0 on.
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT. Since 0.1.
 */
TTS_API tts_status tts_device_describe(size_t index, tts_device_info *out_info);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup engine Engines
 *
 * An engine is a device, the threads that compute on it, and a worker thread that speaks. A program needs
 * one.
 * @{
 */

/** An engine. Made by tts_engine_create, ended by tts_engine_destroy. */
typedef struct tts_engine tts_engine;

/** How much a message of the log matters: one of the constants TTS_LOG_*. */
typedef int32_t tts_log_level;

/**
 * Takes a message for the log, which ends in NUL and lives as long as the call. Called on whichever thread
 * has something to say, also on several at once.
 */
typedef void (*tts_log_callback)(void *user_data, tts_log_level level, const char *message);

/** How an engine is made. Initialise it with tts_engine_config_init, then change what you like. */
typedef struct tts_engine_config {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** Which device. Default TTS_DEVICE_AUTO, which falls back to the processor; the log tells why. */
    tts_device device;
    /** Threads that compute, 1024 at most; 0, the default, is one for each processor that the process may use. */
    uint32_t threads;
    /** Messages up to this level go to the log; 0 is none. Default TTS_LOG_INFO. */
    tts_log_level log_level;
    /** Takes messages for the log. Default NULL: nobody is told. */
    tts_log_callback on_log;
    /** Given to `on_log`. */
    void *user_data;
    /**
     * Bytes that the voices of this engine may take on its device, weights and what they work in: graphics memory on a
     * GPU, main memory on the CPU, where text and the sound that waits are not counted. 0, the default, is no limit.
     * What would exceed it fails with TTS_ERROR_OUT_OF_MEMORY: a voice that is opened, or an utterance. Since 0.1.
     */
    uint64_t memory_limit;
    /**
     * What tts_engine_pipeline_cache gave in an earlier run: pipelines are there sooner then. It is read during
     * tts_engine_create alone. A blob that is damaged, or of another GPU, driver or version of this library is passed
     * over; do not load one that somebody else may have written. Default NULL: none. Since 0.1.
     */
    const void *pipeline_cache;
    /** Bytes of `pipeline_cache`. */
    size_t pipeline_cache_size;
    /**
     * On a GPU, the longest time in milliseconds that a submission should take, so that the frames of a game come
     * through in between. Long kernels are run in parts for it. It follows from what submissions took before, so that some
     * take longer. 0 to 1000; default 2. 0 does not cut: most throughput, for programs that draw nothing. Since 0.1.
     */
    float submission_ms;
    /** Must be 0. */
    uint32_t reserved;
} tts_engine_config;

/** Something does not work as it should. */
#define TTS_LOG_WARNING 1

/** What was done. */
#define TTS_LOG_INFO 2

/**
 * Fills a config with the defaults. `size` is sizeof(tts_engine_config).
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE. Since 0.1.
 */
TTS_API tts_status tts_engine_config_init(tts_engine_config *config, size_t size);

/**
 * Opens a device and starts its threads. `config` may be NULL, which means all defaults.
 *
 * Ownership: the engine is yours; end it with tts_engine_destroy. Threads: any. Errors:
 * TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT, TTS_ERROR_DEVICE, TTS_ERROR_OUT_OF_MEMORY. Since 0.1.
 */
TTS_API tts_status tts_engine_create(const tts_engine_config *config, tts_engine **out_engine);

/**
 * Ends an engine: its utterances are cancelled, its threads end, and what its voices keep on the device is
 * freed. The handles of those voices and utterances remain, only to be destroyed. The call takes as long as
 * the worker takes for a chunk of sound, or for the callback that it is in. NULL is allowed and does nothing.
 *
 * Threads: any, but not in a callback. Errors: TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK. Since 0.1.
 */
TTS_API tts_status tts_engine_destroy(tts_engine *engine);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup pipeline_cache Pipeline caches
 *
 * A GPU's driver compiles the kernels before they run for the first time. What it compiled can be kept, and given to
 * tts_engine_create in the next run. Only Vulkan tells; the systems behind other interfaces keep a cache of their own.
 * @{
 */

/**
 * Copies what the driver compiled so far into `buffer`, which has room for `size` bytes, and gives its size. The best
 * time is after tts_voice_warm_up. Call it with `size` 0 first to learn how much room it needs; between two calls it
 * may grow. Empty, with size 0, on the CPU and where the driver does not tell.
 *
 * Ownership: the bytes are yours; they are for this GPU, driver and version of the library. Threads: any, also while
 * the engine speaks. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_ARGUMENT (too little room, though some; then
 * `out_size` tells how much it takes). Since 0.1.
 */
TTS_API tts_status tts_engine_pipeline_cache(const tts_engine *engine, void *buffer, size_t size, size_t *out_size);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup reader Voices from anywhere
 *
 * A function that gives the bytes of a voice file.
 * @{
 */

/**
 * Reads the next bytes of a voice file into `buffer`, `size` at most. Returns their number, which may be smaller
 * than `size` at any time; 0 at the end of the file, or (size_t)-1 if it cannot be read.
 */
typedef size_t (*tts_read_callback)(void *user_data, void *buffer, size_t size);

/** A source of bytes. Set struct_size to sizeof(tts_reader) and the rest as you need it. */
typedef struct tts_reader {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** Must be 0. */
    uint32_t reserved;
    /** Reads the next bytes. */
    tts_read_callback read;
    /** Given to `read`. */
    void *user_data;
} tts_reader;

/** @} */

/* ========================================================================================== */
/**
 * @defgroup voice Voices
 *
 * A voice is the weights of both networks and what the voice file says about them, loaded on an engine. It
 * never changes, and any number of threads may speak with it at once.
 * @{
 */

/** A voice. Made by one of the functions tts_voice_open_*, ended by tts_voice_destroy. */
typedef struct tts_voice tts_voice;

/**
 * Opens a voice file. `path` is UTF-8 on every system, and ends in NUL.
 *
 * Ownership: the voice is yours; end it with tts_voice_destroy. Threads: any; the call takes as long as
 * the file takes to load. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_UTF8,
 * TTS_ERROR_VOICE_READ, TTS_ERROR_VOICE_FORMAT, TTS_ERROR_OUT_OF_MEMORY, TTS_ERROR_DEVICE_LOST, TTS_ERROR_FORKED.
 * Since 0.1.
 */
TTS_API tts_status tts_voice_open_path(tts_engine *engine, const char *path, tts_voice **out_voice);

/**
 * Opens a voice from the bytes of a voice file in memory, which may be freed after the call.
 *
 * Ownership, threads and errors: as tts_voice_open_path. Since 0.1.
 */
TTS_API tts_status tts_voice_open_memory_copied(tts_engine *engine, const void *data, size_t size, tts_voice **out_voice);

/**
 * Opens a voice from the bytes of a voice file in memory, which must stay where they are, unchanged, until
 * the voice has been destroyed. This version reads them during the call alone; a later one may keep them
 * instead of a copy.
 *
 * Ownership, threads and errors: as tts_voice_open_path. Since 0.1.
 */
TTS_API tts_status tts_voice_open_memory_borrowed(tts_engine *engine, const void *data, size_t size, tts_voice **out_voice);

/**
 * Opens a voice from bytes that a function of yours gives: out of an archive, say, or decrypted.
 *
 * Ownership, threads and errors: as tts_voice_open_path, and TTS_ERROR_STRUCT_SIZE. The reader is used
 * during the call and on its thread alone. Since 0.1.
 */
TTS_API tts_status tts_voice_open_reader(tts_engine *engine, const tts_reader *reader, tts_voice **out_voice);

/**
 * Ends a voice. Utterances that speak with it go on; calls of tts_voice_speak come back early. NULL is
 * allowed and does nothing.
 *
 * Threads: any, but not in a callback. Errors: TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK. Since 0.1.
 */
TTS_API tts_status tts_voice_destroy(tts_voice *voice);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup facts Facts about a voice
 * @{
 */

/**
 * What there is to know about a voice, in numbers. Set struct_size to sizeof(tts_voice_info) before the call
 * that fills it.
 */
typedef struct tts_voice_info {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** Samples per second that the voice speaks with, before any change of rate. */
    uint32_t sample_rate;
    /** Samples in a mel frame. */
    uint32_t hop_length;
    /** Bands of a mel frame. */
    uint32_t mel_channels;
    /** Symbols that it knows: see tts_voice_symbol. */
    uint32_t symbols;
    /** Whether it speaks known words by their phonemes, and gives marks for them: 1 or 0. */
    int32_t phonemes;
    /** Decoder steps after which a sentence is cut off. */
    uint32_t max_steps;
    /** Bits of a stored weight: 32 or 16. */
    uint32_t weight_bits;
    /** Seconds of speech after which a sentence is cut off. */
    float max_seconds;
    /** Standard deviation of the vocoder's noise unless you say otherwise. */
    float sigma;
    /** Strength of the denoiser unless you say otherwise. */
    float denoise;
    /** Probability above which a sentence is over, unless you say otherwise. */
    float gate_threshold;
} tts_voice_info;

/** A text that a voice has about itself: one of the constants TTS_VOICE_*. */
typedef int32_t tts_voice_text_kind;

/** Its short name. */
#define TTS_VOICE_NAME 1

/** Its language, as a BCP 47 tag such as "en-US". */
#define TTS_VOICE_LANGUAGE 2

/** The licence of its weights. */
#define TTS_VOICE_LICENSE 3

/** Where it comes from. */
#define TTS_VOICE_PROVENANCE 4

/**
 * Tells what there is to know about a voice, in numbers.
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE. Since 0.1.
 */
TTS_API tts_status tts_voice_describe(const tts_voice *voice, tts_voice_info *out_info);

/**
 * Gives a text that a voice has about itself; empty if the voice file does not say.
 *
 * Ownership: the voice's; it lives until the voice is destroyed. Threads: any. Errors: TTS_ERROR_NULL,
 * TTS_ERROR_HANDLE, TTS_ERROR_ARGUMENT. Since 0.1.
 */
TTS_API tts_status tts_voice_text(const tts_voice *voice, tts_voice_text_kind kind, const char **out_text);

/**
 * Gives the symbol with this index, from 0 on: a letter, a mark, or a phoneme with `@` before it.
 *
 * Ownership, threads and errors: as tts_voice_text. Since 0.1.
 */
TTS_API tts_status tts_voice_symbol(const tts_voice *voice, size_t index, const char **out_symbol);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup warm_up Warming up
 *
 * The first sound of a voice comes later than that of the next ones: a GPU compiles its kernels, weights are touched
 * for the first time, and the denoiser listens to the voice once. A game does that behind its loading screen.
 * @{
 */

/** Told how far it is, from 0 to 1. Called on the thread that waits. */
typedef void (*tts_progress_callback)(void *user_data, float progress);

/**
 * Does everything that would make the first sound of a voice late, and returns when it is done. `on_progress`
 * may be NULL.
 *
 * Threads: any, but not in a callback. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK,
 * TTS_ERROR_ENGINE_GONE, TTS_ERROR_FORKED, TTS_ERROR_OUT_OF_MEMORY, TTS_ERROR_DEVICE_LOST; TTS_ERROR_ARGUMENT for
 * a voice that is to be denoised by itself and cannot be. Since 0.1.
 */
TTS_API tts_status tts_voice_warm_up(const tts_voice *voice, tts_progress_callback on_progress, void *user_data);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup mark Marks
 *
 * When in the sound each sentence, word and phoneme is spoken: for lip-sync and subtitles. A mark is
 * there no later than the sound that it belongs to.
 * @{
 */

/** What a mark marks: one of the constants TTS_MARK_*. */
typedef int32_t tts_mark_kind;

/**
 * A shape of the mouth: one of the constants TTS_VISEME_*. They are the fifteen that faces of games commonly have, in
 * the usual order, so that a number is the index of a blend shape.
 */
typedef int32_t tts_viseme;

/** A place in the sound, and the text that is spoken there. */
typedef struct tts_mark {
    /**
     * Size of this struct as the program knows it. Set it to sizeof(tts_mark) before the call that
     * fills it.
     */
    uint32_t struct_size;
    /** What is here. */
    tts_mark_kind kind;
    /** Sample of the utterance's output, counted from its start. */
    uint64_t sample;
    /**
     * First byte of the text that is spoken here. In a text that is fed in pieces, bytes are counted
     * from the first piece on.
     */
    uint64_t text_begin;
    /** First byte after it. */
    uint64_t text_end;
    /**
     * The phoneme, such as "AH0", or the name of a mark of SSML, cut to 31 bytes; empty for other kinds.
     * Ends in NUL.
     */
    char name[32];
    /**
     * The shape of the mouth from here on: that of a phoneme, TTS_VISEME_SIL at the end of a sentence, else
     * TTS_VISEME_NONE. Since 0.1.
     */
    tts_viseme viseme;
    /** Must not be looked at. */
    uint32_t reserved;
} tts_mark;

/**
 * Takes a mark. Called on the engine's worker thread, before the sound that the mark belongs to. What
 * tts_audio_callback says of its calls holds here too.
 */
typedef void (*tts_mark_callback)(void *user_data, const tts_mark *mark);

/** A sentence begins. */
#define TTS_MARK_SENTENCE 1

/** A word begins. */
#define TTS_MARK_WORD 2

/** A phoneme begins; its name is one of ARPAbet. Only for words that the voice speaks by phonemes. */
#define TTS_MARK_PHONEME 3

/** A sentence is over. */
#define TTS_MARK_END 4

/** An element `mark` of SSML; its name is that of the element. */
#define TTS_MARK_SSML 5

/** The mark says nothing of the mouth. */
#define TTS_VISEME_NONE -1

/** At rest. */
#define TTS_VISEME_SIL 0

/** P, B, M. */
#define TTS_VISEME_PP 1

/** F, V. */
#define TTS_VISEME_FF 2

/** TH, DH. */
#define TTS_VISEME_TH 3

/** T, D. */
#define TTS_VISEME_DD 4

/** K, G, NG, HH. */
#define TTS_VISEME_KK 5

/** CH, JH, SH, ZH. */
#define TTS_VISEME_CH 6

/** S, Z. */
#define TTS_VISEME_SS 7

/** N, L. */
#define TTS_VISEME_NN 8

/** R, ER. */
#define TTS_VISEME_RR 9

/** AA, AE, AH, AW, AY. */
#define TTS_VISEME_AA 10

/** EH, EY. */
#define TTS_VISEME_E 11

/** IH, IY, Y. */
#define TTS_VISEME_IH 12

/** AO, OW, OY. */
#define TTS_VISEME_OH 13

/** UH, UW, W. */
#define TTS_VISEME_OU 14

/** @} */

/* ========================================================================================== */
/**
 * @defgroup options How to speak
 *
 * What may be chosen for each utterance, and how its sound is handed over.
 * @{
 */

/**
 * Flag of an utterance: the dropout of Tacotron 2's prenet is off. Speech is then the same for every
 * seed up to the vocoder, but often loses its place; it is meant for tests.
 */
#define TTS_UTTERANCE_NO_DROPOUT 1

/** How a sample is stored: one of the constants TTS_FORMAT_*. */
typedef int32_t tts_format;

/** A piece of sound on its way to a callback. */
typedef struct tts_chunk {
    /** Size of this struct as the library knows it. */
    uint32_t struct_size;
    /** Samples per second. */
    uint32_t sample_rate;
    /** Place of the first sample in the utterance. */
    uint64_t position;
    /** Number of samples; 0 in the last call, when everything was spoken or something failed. */
    uint64_t count;
    /** The samples if the format is TTS_FORMAT_F32, else NULL. */
    const float *f32;
    /** The samples if the format is TTS_FORMAT_S16, else NULL. */
    const int16_t *s16;
} tts_chunk;

/**
 * Takes sound. Called on the engine's worker thread, one chunk after the other; while it runs, no
 * utterance of the engine goes on. The chunk and its samples live as long as the call. Return 0 to go
 * on, anything else to cancel the utterance. It may call every function that does not say otherwise, but
 * must not throw.
 */
typedef int32_t (*tts_audio_callback)(void *user_data, const tts_chunk *chunk);

/** What a text is written in: one of the constants TTS_TEXT_*. */
typedef int32_t tts_text_format;

/** How a text is spoken. Initialise it with tts_utterance_config_init, then change what you like. */
typedef struct tts_utterance_config {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** How samples are stored in tts_audio and tts_chunk. Default TTS_FORMAT_F32. */
    tts_format format;
    /** The same seed gives the same sound. Default 0. */
    uint64_t seed;
    /** Standard deviation of the vocoder's noise, 0 to 10; -1, the default, is the voice's own. */
    float sigma;
    /**
     * Strength of the denoiser, 0 (off) to 100; -1, the default, is the voice's own; 0.01 to 0.1 is usual. A voice whose
     * vocoder has no finite hum to be taken away gives TTS_ERROR_ARGUMENT for all but 0.
     */
    float denoise;
    /** Probability above which a sentence is over, between 0 and 1; -1, the default, is the voice's own. */
    float gate_threshold;
    /** Tempo, 0.25 to 4, at the same pitch. Default 1. */
    float speed;
    /** Pitch, 0.5 to 2, at the same tempo; speed / pitch must be from 0.25 to 4. Default 1. */
    float pitch;
    /** Factor of loudness, 0 to 100. Default 1. */
    float gain;
    /** Silence between two sentences in seconds, 0 to 5. Default 0.2. */
    float sentence_pause;
    /** Samples per second of the output, 4000 to 384000; 0, the default, is the voice's own rate. */
    uint32_t sample_rate;
    /** Decoder steps after which a sentence is cut off, 1 to 1000000; 0, the default, is the voice's own limit. */
    uint32_t max_steps;
    /** TTS_UTTERANCE_* flags. Default 0. */
    uint32_t flags;
    /**
     * Of several utterances of an engine, those of the highest priority are served first, and those of
     * the same in turn. Default 0; below 0 is for what is spoken in advance.
     */
    int32_t priority;
    /**
     * How far an utterance may run ahead of tts_utterance_read, in milliseconds of sound, 10 to 60000.
     * Default 2000. Memory is set aside for that much.
     */
    uint32_t buffer_ms;
    /**
     * Words and how to say them, one a line: "tacoglow T AA1 K OW0 G L OW2" (ARPAbet) or "SQL = sequel".
     * Ends in NUL; read during the call alone. NULL, the default, is none.
     */
    const char *lexicon;
    /** Takes the sound of an utterance. NULL, the default, leaves it to tts_utterance_read. */
    tts_audio_callback on_audio;
    /** Takes the marks of an utterance. NULL, the default, leaves them to tts_utterance_next_mark. */
    tts_mark_callback on_mark;
    /** Given to the callbacks. */
    void *user_data;
    /** What the text is written in. Default TTS_TEXT_PLAIN. An utterance that is fed takes no SSML. */
    tts_text_format text_format;
    /**
     * How far the decoder runs ahead of the sound, in milliseconds of speech, 0 to 10000. A sentence that
     * loses its place within that time from its start is made again, up to three times, with another seed,
     * before any of it is heard. Default 2000. 0 gives the first sound a little earlier.
     */
    uint32_t retry_window_ms;
    /**
     * Mel frames (about 12 ms each) after the first sound of the utterance that the vocoder waits for, 0 to 96.
     * -1, the default, is all that it uses: 96 for the published kind, 48 for the squeezed. With fewer, the
     * first 0.2 s are made as if the utterance ended there, heard sooner and not quite exact; what follows is
     * the same. It pays for voices with a vocoder of the published kind. BENCHMARKS.md has the figures.
     */
    int32_t look_ahead;
    /** Must be 0. */
    uint32_t reserved;
} tts_utterance_config;

/** 32-bit float; full scale is -1 to 1. Louder is possible; what is infinite or not a number is not. */
#define TTS_FORMAT_F32 0

/** 16-bit signed integer, clipped at full scale. */
#define TTS_FORMAT_S16 1

/**
 * Text as people write it: numbers, dates, money, abbreviations. In braces are phonemes of ARPAbet, such as
 * "{HH AH0 L OW1}", for a voice that has phonemes.
 */
#define TTS_TEXT_PLAIN 0

/**
 * An SSML document: one element `speak`, in which are known: `p` and `s`; `break` (time, strength);
 * `prosody` (rate, pitch, volume); `sub` (alias); `phoneme` (alphabet "x-arpabet", ph); `say-as`
 * (interpret-as: characters, spell-out, cardinal, ordinal, digits, telephone, date with a format such as
 * "dmy"); and `mark` (name). Values are those of SSML 1.1: a time is "300ms" or "1.5s", a rate "slow" or "120%" or
 * "+20%" or "1.2", a pitch "high" or "+10%" or "-2st", a volume "loud" or "+6dB" or "80". Words, and a volume without
 * a unit, which is of 100, say how it is from here on; other values change the prosody around them. The outcome stays
 * within what `speed` and `pitch` may be, and follows the words inside a sentence. The text of other elements is
 * spoken; of them, and of values that cannot be understood, the log has a warning. What is not well-formed is
 * TTS_ERROR_SSML, and the message names the byte. A document has 4 MiB at most.
 */
#define TTS_TEXT_SSML 1

/**
 * Fills a config with the defaults. `size` is sizeof(tts_utterance_config).
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE. Since 0.1.
 */
TTS_API tts_status tts_utterance_config_init(tts_utterance_config *config, size_t size);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup audio Whole utterances in memory
 *
 * The simplest way to speak: a text goes in, all of its sound comes out.
 * @{
 */

/** Sound in memory, mono. Set struct_size to sizeof(tts_audio) before the call that fills it. */
typedef struct tts_audio {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** Samples per second. */
    uint32_t sample_rate;
    /** Number of samples. */
    uint64_t count;
    /** The samples if the format is TTS_FORMAT_F32, else NULL. */
    const float *f32;
    /** The samples if the format is TTS_FORMAT_S16, else NULL. */
    const int16_t *s16;
} tts_audio;

/**
 * Speaks a text, which ends in NUL, and returns when all of it has been spoken. `config` may be NULL,
 * which means all defaults; its `on_audio` and `buffer_ms` have no part in this, its `on_mark` has. Gives
 * TTS_OK, TTS_ATTENTION_LOST if a sentence lost its place, or TTS_STEP_LIMIT if one was cut off at the step
 * limit.
 *
 * Ownership: the samples are the library's until you give them back with tts_audio_free; the voice may be
 * destroyed before that. Threads: any, and several may speak at once, but not in a callback. Errors:
 * TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT, TTS_ERROR_UTF8,
 * TTS_ERROR_NOTHING_TO_SPEAK, TTS_ERROR_LEXICON, TTS_ERROR_SSML, TTS_ERROR_OUT_OF_MEMORY,
 * TTS_ERROR_DEVICE_LOST, TTS_ERROR_CALLBACK, TTS_ERROR_FORKED, and TTS_ERROR_ENGINE_GONE if the voice or its
 * engine was destroyed meanwhile. Since 0.1.
 */
TTS_API tts_status tts_voice_speak(const tts_voice *voice, const char *text, const tts_utterance_config *config, tts_audio *out_audio);

/** As tts_voice_speak, for a text of `text_size` bytes that need not end in NUL. Since 0.1. */
TTS_API tts_status tts_voice_speak_n(const tts_voice *voice, const char *text, size_t text_size, const tts_utterance_config *config, tts_audio *out_audio);

/**
 * Gives samples back and empties the struct, so that a second call does nothing. NULL is allowed and does
 * nothing.
 *
 * Threads: any. Errors: TTS_ERROR_STRUCT_SIZE, TTS_ERROR_HANDLE for samples that are not the library's
 * or were given back before. Since 0.1.
 */
TTS_API tts_status tts_audio_free(tts_audio *audio);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup batch Many texts at once
 *
 * For what is known beforehand, such as all lines of a scene: the decoder reads its weights once for all of them, and
 * the threads of a CPU make the sound of different lines, so that none waits for another.
 * @{
 */

/**
 * Speaks `count` texts, each of which ends in NUL, and returns when all have been spoken. A text sounds as
 * tts_voice_speak would speak it with this `config`, whose callbacks, `buffer_ms` and `priority` have no part in
 * this. `out_audio` is an array of `count` structs, the struct_size of each set; `out_results`, which may be NULL,
 * an array of as many statuses, which tell how each text ended. The call gives the gravest of them: TTS_OK,
 * TTS_STEP_LIMIT or TTS_ATTENTION_LOST. It computes on the threads of the engine: utterances that
 * are on their way go on beside it, more slowly. Every thread needs memory for a line of its own; with a limit that has no
 * room for as many lines, there are fewer at a time.
 *
 * Ownership: as for tts_voice_speak; every struct is given back with tts_audio_free. Threads and errors: as
 * tts_voice_speak. With an error nothing is written, and the message tells which text it is about. Since 0.1.
 */
TTS_API tts_status tts_voice_speak_batch(const tts_voice *voice, const char *const *texts, size_t count, const tts_utterance_config *config, tts_audio *out_audio, tts_status *out_results);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup utterance Utterances
 *
 * An utterance is a text on its way to sound. The engine's worker thread speaks it; its sound is taken with
 * tts_utterance_read as it becomes ready, or goes to a callback. Any number may be on their way at once.
 * @{
 */

/** An utterance. Made by tts_utterance_start or tts_utterance_open, ended by tts_utterance_destroy. */
typedef struct tts_utterance tts_utterance;

/**
 * Starts to speak a text, which ends in NUL. The call returns at once; the text is copied. `config` may be
 * NULL, which means all defaults.
 *
 * Ownership: the utterance is yours; end it with tts_utterance_destroy. The voice may be destroyed
 * before. Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE,
 * TTS_ERROR_ARGUMENT, TTS_ERROR_UTF8, TTS_ERROR_NOTHING_TO_SPEAK, TTS_ERROR_LEXICON, TTS_ERROR_SSML,
 * TTS_ERROR_OUT_OF_MEMORY, TTS_ERROR_ENGINE_GONE, TTS_ERROR_FORKED. Since 0.1.
 */
TTS_API tts_status tts_utterance_start(const tts_voice *voice, const char *text, const tts_utterance_config *config, tts_utterance **out_utterance);

/** As tts_utterance_start, for a text of `text_size` bytes that need not end in NUL. Since 0.1. */
TTS_API tts_status tts_utterance_start_n(const tts_voice *voice, const char *text, size_t text_size, const tts_utterance_config *config, tts_utterance **out_utterance);

/**
 * Copies the next samples that are ready, `count` at most. It never waits, locks, allocates or enters the
 * system, so that it may be called in an audio callback. What `count` exceeds the samples by is filled with
 * silence; `out_count` says how many are speech.
 *
 * Gives TTS_OK for `count` samples; TTS_UNDERRUN for fewer, because more are not ready yet; TTS_END for
 * fewer, because these were the last, also if the utterance failed; TTS_CANCELLED for none, because it or its
 * engine was ended. tts_utterance_stats says how it ended. After an error the buffer is as it was.
 *
 * Threads: any, but one at a time. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_ARGUMENT for a buffer
 * that is not aligned, TTS_ERROR_BUSY if another thread is reading, TTS_ERROR_STATE if sound goes to a callback.
 * They come without a message of tts_last_error, for which memory may have to be allocated. Since 0.1.
 */
TTS_API tts_status tts_utterance_read(tts_utterance *utterance, float *out_samples, size_t count, size_t *out_count);

/** As tts_utterance_read, in 16-bit samples. Since 0.1. */
TTS_API tts_status tts_utterance_read_s16(tts_utterance *utterance, int16_t *out_samples, size_t count, size_t *out_count);

/**
 * Takes the next mark. Gives TTS_OK, or TTS_EMPTY if no mark waits; then `out_mark` is left alone. Marks
 * come in the order of their samples, no later than the samples. If nobody takes them, 1024 are kept, or 100
 * for each second of `buffer_ms` if that is more; later ones are dropped, as tts_utterance_stats counts.
 *
 * Threads: any but that of an audio callback, one at a time; another may read sound meanwhile. Errors: TTS_ERROR_NULL,
 * TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_BUSY. Since 0.1.
 */
TTS_API tts_status tts_utterance_next_mark(tts_utterance *utterance, tts_mark *out_mark);

/**
 * Ends an utterance early. It sets a flag and waits for nothing, so that it may be called in an audio
 * callback too. After it returns, nothing more can be read; a callback that the worker is in, or about to enter,
 * comes to its end and is the last. Twice, or after the end, is fine.
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, without a message as for tts_utterance_read. Since 0.1.
 */
TTS_API tts_status tts_utterance_cancel(tts_utterance *utterance);

/**
 * Waits until everything has been made (not: read), `timeout_ms` at most; UINT32_MAX waits without end.
 * An utterance that nobody reads stops when its buffer is full, so read it elsewhere meanwhile.
 *
 * Gives TTS_OK when everything was spoken, TTS_ATTENTION_LOST if a sentence lost its place, else
 * TTS_STEP_LIMIT if one was cut off at the step limit, TTS_CANCELLED, or TTS_TIMEOUT.
 *
 * Threads: any, but not in a callback. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK,
 * TTS_ERROR_FORKED, or what the utterance failed with. Since 0.1.
 */
TTS_API tts_status tts_utterance_wait(tts_utterance *utterance, uint32_t timeout_ms);

/**
 * Gives what an utterance failed with, in English; an empty text if it has not failed, or not yet.
 *
 * Ownership: the utterance's; the text lives until it is destroyed. Threads: any but that of an audio callback.
 * Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE. Since 0.1.
 */
TTS_API tts_status tts_utterance_error(const tts_utterance *utterance, const char **out_text);

/**
 * Ends an utterance, whether it is over or not. Calls that wait for it come back; when this returns, its
 * callbacks are not running and will not be called again. NULL is allowed and does nothing.
 *
 * Threads: any, but not in a callback. Errors: TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK. Since 0.1.
 */
TTS_API tts_status tts_utterance_destroy(tts_utterance *utterance);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup feed Text in pieces
 *
 * An utterance may begin to speak before its text is complete: as a language model writes it, say.
 * @{
 */

/**
 * Opens an utterance whose text comes in pieces: see tts_utterance_feed.
 *
 * Ownership, threads and errors: as tts_utterance_start, but for those of the text; and TTS_ERROR_ARGUMENT for
 * SSML, which is a whole document. Since 0.1.
 */
TTS_API tts_status tts_utterance_open(const tts_voice *voice, const tts_utterance_config *config, tts_utterance **out_utterance);

/**
 * Adds a piece to the text of an utterance that was opened. Pieces may end anywhere, also within a word or a
 * character; a sentence is spoken as soon as the next one begins. A piece that is not UTF-8 is left out, together
 * with the beginning of a character before it.
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_UTF8, TTS_ERROR_OUT_OF_MEMORY,
 * TTS_ERROR_FORKED, and TTS_ERROR_STATE if the utterance was not opened, or finished before. Since 0.1.
 */
TTS_API tts_status tts_utterance_feed(tts_utterance *utterance, const char *text);

/** As tts_utterance_feed, for a piece of `text_size` bytes that need not end in NUL. Since 0.1. */
TTS_API tts_status tts_utterance_feed_n(tts_utterance *utterance, const char *text, size_t text_size);

/**
 * Speaks what was fed so far without waiting for the end of its sentence.
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_FORKED, and TTS_ERROR_STATE as for
 * tts_utterance_feed. Since 0.1.
 */
TTS_API tts_status tts_utterance_flush(tts_utterance *utterance);

/**
 * Says that no more text will be fed. The rest is spoken, then the utterance ends; if there was nothing to speak
 * in all of it, with TTS_ERROR_NOTHING_TO_SPEAK. A character without its end is left out.
 *
 * Threads and errors: as tts_utterance_flush. Since 0.1.
 */
TTS_API tts_status tts_utterance_finish(tts_utterance *utterance);

/** @} */

/* ========================================================================================== */
/**
 * @defgroup stats Figures of an utterance
 *
 * How an utterance is getting on, or how it ended, and what it took.
 * @{
 */

/** Where an utterance is: one of the constants TTS_STATE_*. */
typedef int32_t tts_state;

/** Figures of an utterance. Set struct_size to sizeof(tts_stats) before the call that fills it. */
typedef struct tts_stats {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** Where it is. */
    tts_state state;
    /**
     * How it ended: TTS_OK, TTS_STEP_LIMIT, TTS_ATTENTION_LOST, TTS_CANCELLED or an error. TTS_OK before
     * the end.
     */
    tts_status result;
    /** Samples per second of the output. */
    uint32_t sample_rate;
    /** Samples made so far. */
    uint64_t samples_made;
    /** Samples taken by tts_utterance_read so far. */
    uint64_t samples_read;
    /** Reads that found too little after the first sound. */
    uint64_t underruns;
    /** Sentences that are complete. */
    uint64_t sentences;
    /** Of these, how many were cut off at the step limit. */
    uint64_t sentences_cut_off;
    /** Steps of Tacotron 2's decoder in these. */
    uint64_t steps;
    /** Marks that were dropped since nobody took them, as of the last tts_utterance_next_mark. */
    uint64_t marks_lost;
    /** Milliseconds from the start to the first sound that could be taken; -1 before. */
    double first_audio_ms;
    /** Milliseconds from the start to the end, or until now. */
    double elapsed_ms;
    /** Milliseconds that the worker spent on it. */
    double work_ms;
    /** Seconds of sound made in a second of work; 0 before the first sound. */
    double real_time_factor;
    /** Sentences that lost their place and were made again before they were heard. */
    uint64_t sentences_retried;
    /** Sentences that lost their place and are heard like that. */
    uint64_t sentences_lost;
} tts_stats;

/** Nothing can be heard yet. */
#define TTS_STATE_WAITING 1

/** Sound is being made. */
#define TTS_STATE_SPEAKING 2

/** It is over; `result` says how. */
#define TTS_STATE_ENDED 3

/**
 * Tells how an utterance is getting on. If it failed, tts_utterance_error says why.
 *
 * Threads: any but that of an audio callback. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE,
 * TTS_ERROR_STRUCT_SIZE. Since 0.1.
 */
TTS_API tts_status tts_utterance_stats(tts_utterance *utterance, tts_stats *out_stats);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* TTS_H */
