/**
 * Tests of what is particular to the cuda backend and needs no GPU: how its libraries are found and loaded, what is said
 * when they are not there, and the PTX that ships: that it is that of the sources, and what compilers make of it. That its
 * operations compute the right thing is tested one package up, together with the other devices.
 */
@NullMarked
package dev.tarn.backend.cuda;

import org.jspecify.annotations.NullMarked;
