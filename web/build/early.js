// Asks for the paper of a running exam while the page's own files are still on their way: on a
// weak network that is a second. A phone that has sat here before keeps the paper, and is not
// charged for it again. Written for old browsers, because it is not compiled.
(function () {
  var found = /^#\/attempts\/([\w-]+)$/.exec(location.hash);
  if (!found) return;
  try {
    if (localStorage.getItem('exam.page.' + found[1])) return;
  } catch (refused) {
    // Nothing is kept here, so the paper is not either.
  }
  var answer = fetch('/api/v1/attempts/' + found[1] + '/paper', { credentials: 'same-origin', cache: 'no-store' });
  answer.catch(function () {});
  window.examEarlyPaper = { attemptId: found[1], answer: answer };
})();
