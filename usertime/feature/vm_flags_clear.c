// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 6.3: bc292ab00f6c ("mm: introduce vma->vm_flags wrapper functions");
 * vm_flags itself is read-only since then.
 */
#include <linux/mm.h>

void urt_feature(struct vm_area_struct *vma);
void urt_feature(struct vm_area_struct *vma)
{
	vm_flags_clear(vma, VM_MAYWRITE);
}
