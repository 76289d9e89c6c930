/* lwIP names <stdio.h> for its diagnostics, which are off. */
