/** Tests that pictures come out as pictures: of the right size, with ink where the numbers are. */
@NullMarked
package dev.tarn.report;

import org.jspecify.annotations.NullMarked;
