// A script of its own, so that the page's policy allows no script that is written into a page.
SwaggerUIBundle({
  url: document.getElementById("contract").dataset.address,
  dom_id: "#contract",
  deepLinking: true,
  persistAuthorization: false,
});
