/**
 * Tests of what is particular to the cpu backend: its threads, its memory, how the decoder cuts its rows, and the traps of
 * oneDNN that it steps around. That its operations compute the right thing is tested one package up, together with the
 * other devices.
 */
@NullMarked
package dev.tarn.backend.cpu;

import org.jspecify.annotations.NullMarked;
